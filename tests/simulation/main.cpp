// sotto-simulate: whole worlds of devices and a server, from seeds, on virtual time.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/simulation/run.hpp"

namespace {

using namespace sotto::sim;

void print(const Plan& plan, const Verdict& verdict, bool story) {
  for (const auto& line : verdict.story) {
    if (story) std::cout << line << '\n';
  }
  std::cout << "seed " << plan.seed << ": "
            << (verdict.problems.empty() ? "every promise was kept"
                                         : std::to_string(verdict.problems.size()) + " problems")
            << " (" << plan.actions.size() << " actions, " << verdict.messages << " messages, "
            << verdict.events << " events)\n";
  constexpr std::size_t kShown = 8;  // one fault is often many problems; --trace shows them all
  for (std::size_t i = 0; i < verdict.problems.size(); ++i) {
    if (!story && i == kShown) {
      std::cout << "  ... and " << verdict.problems.size() - i << " more\n";
      break;
    }
    std::cout << "  " << verdict.problems[i] << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Plays random days of several devices and a server on virtual time, network and disk, heals "
      "everything, and checks the\n"
      "promises of docs/guarantees.md. The same seed always plays the same day.\n\n"
      "  sotto-simulate --seeds 1..1000\n  sotto-simulate --seed 17 --trace\n  sotto-simulate --seed 17 "
      "--shrink"};
  std::string seeds;
  std::uint64_t seed = 0;
  bool trace = false;
  bool shrink_it = false;
  int seconds = 0;
  int stop_after = 5;
  auto* range = app.add_option("--seeds", seeds, "FIRST..LAST");
  auto* one = app.add_option("--seed", seed, "One seed")->excludes(range);
  app.add_flag("--trace", trace, "Tell the whole story")->needs(one);
  app.add_flag("--shrink", shrink_it,
               "Leave out every action that the failure does not need, then tell the story")
      ->needs(one);
  app.add_option("--seconds", seconds, "Random seeds for this long")->excludes(range)->excludes(one);
  app.add_option("--stop-after", stop_after, "Stop after so many failing seeds")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  if (*one) {
    Plan plan = make_plan(seed);
    if (shrink_it && !run(plan, false).problems.empty()) {
      plan = shrink(plan);
      trace = true;
    }
    const auto verdict = run(plan, trace);
    print(plan, verdict, trace);
    return verdict.problems.empty() ? 0 : 1;
  }
  std::uint64_t first = 1;
  std::uint64_t last = 1000;
  if (*range) {
    const auto dots = seeds.find("..");
    first = std::strtoull(seeds.c_str(), nullptr, 10);
    last = dots == std::string::npos ? first : std::strtoull(seeds.c_str() + dots + 2, nullptr, 10);
  }
  const auto start = std::chrono::steady_clock::now();
  if (seconds > 0) {
    first = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    last = UINT64_MAX;
  }
  std::mutex printing;  // guards what follows, and std::cout
  std::uint64_t played = 0;
  std::uint64_t messages = 0;
  int failed = 0;
  std::atomic<std::uint64_t> next{first};
  std::atomic<bool> enough{false};
  // Runs know nothing of each other, so each core plays its own.
  auto work = [&] {
    for (auto s = next++; s <= last && !enough; s = next++) {
      if (seconds > 0 && std::chrono::steady_clock::now() - start > std::chrono::seconds(seconds)) break;
      const Plan plan = make_plan(s);
      const auto verdict = run(plan, false);
      const std::lock_guard<std::mutex> guard(printing);
      ++played;
      messages += verdict.messages;
      if (verdict.problems.empty()) continue;
      print(plan, verdict, false);
      if (++failed >= stop_after) enough = true;
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = std::max(1U, std::thread::hardware_concurrency()); i > 0; --i)
    threads.emplace_back(work);
  threads.clear();
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::cout << played << " seeds, " << messages << " messages, " << failed << " failed, " << took << " s\n";
  return failed == 0 ? 0 : 1;
}
