// sotto-simulate: whole worlds of devices and a server, from seeds, on virtual time.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <CLI/CLI.hpp>

#include "tests/simulation/days.hpp"
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

/// "1..3,7" as 1, 2, 3, 7; nothing where it is anything else.
std::vector<std::uint64_t> seeds_of(const std::string& text) {
  std::vector<std::uint64_t> list;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    std::uint64_t first = 0;
    const char* end = part.data() + part.size();
    auto [rest, error] = std::from_chars(part.data(), end, first);
    std::uint64_t last = first;
    if (error == std::errc{} &&
        std::string_view(rest, static_cast<std::size_t>(end - rest)).starts_with("..")) {
      const auto upper = std::from_chars(rest + 2, end, last);
      rest = upper.ptr;
      error = upper.ec;
    }
    if (error != std::errc{} || rest != end || last < first) return {};
    for (std::uint64_t seed = first; seed <= last; ++seed)
      list.push_back(seed);
  }
  return list;
}

/// Each run builds and drops whole databases. Giving their memory back to the kernel in between, and getting
/// it again page by page, costs more than a quarter of the time.
void keep_memory() {
#ifdef __GLIBC__
  constexpr int kMost = 32 * 1024 * 1024;  // what M_MMAP_THRESHOLD takes at most
  mallopt(M_MMAP_THRESHOLD, kMost);
  mallopt(M_TRIM_THRESHOLD, 8 * kMost);
  mallopt(M_TOP_PAD, kMost / 8);
#endif
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
  auto* range = app.add_option("--seeds", seeds, "FIRST..LAST or one, or several of these with commas");
  auto* one = app.add_option("--seed", seed, "One seed")->excludes(range);
  app.add_flag("--trace", trace, "Tell the whole story")->needs(one);
  app.add_flag("--shrink", shrink_it,
               "Leave out every action that the failure does not need, then tell the story")
      ->needs(one);
  bool named = false;
  app.add_flag("--days", named, "The days that have a name")->excludes(range)->excludes(one);
  app.add_option("--seconds", seconds, "Random seeds for this long")->excludes(range)->excludes(one);
  app.add_option("--stop-after", stop_after, "Stop after so many failing seeds")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  if (named) {
    int failed_days = 0;
    for (const Day& day : days()) {
      const auto verdict = run(day.plan, false);
      std::cout << day.name << ": ";
      print(day.plan, verdict, false);
      if (!verdict.problems.empty()) ++failed_days;
    }
    return failed_days == 0 ? 0 : 1;
  }
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
  if (!*range) seeds = "1..1000";
  std::vector<std::uint64_t> list = seeds_of(seeds);
  if (list.empty()) {
    std::cerr << "sotto-simulate: --seeds wants FIRST..LAST with FIRST not above LAST, and got \"" << seeds
              << "\"\n";
    return 2;
  }
  keep_memory();
  const auto start = std::chrono::steady_clock::now();
  const auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  std::mutex printing;  // guards what follows, and std::cout
  std::uint64_t played = 0;
  std::uint64_t messages = 0;
  int failed = 0;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> enough{false};
  // Runs know nothing of each other, so each core plays its own.
  auto work = [&] {
    for (auto i = next++; (seconds > 0 || i < list.size()) && !enough; i = next++) {
      if (seconds > 0 && std::chrono::steady_clock::now() - start > std::chrono::seconds(seconds)) break;
      const Plan plan = make_plan(seconds > 0 ? now + i : list[i]);
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
