// sotto-simulate-mutants: the test of the test. For each bug of base/mutant.hpp, how many seeds pass
// until the simulator notices; one that nobody notices is a failure of the simulator.
//
//   sotto-simulate-mutants                    every mutant, up to 1000 seeds each
//   sotto-simulate-mutants --mutant unread_off --seeds 50
#include <algorithm>
#include <atomic>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/mutant.hpp"
#include "tests/simulation/run.hpp"

namespace sotto {
inline namespace with_mutants {
// Of a thread, so that each can play its own.
thread_local Mutant chosen_mutant = Mutant::none;
}  // namespace with_mutants
}  // namespace sotto

namespace {

using sotto::Mutant;

constexpr const char* kNames[] = {"none",
                                  "ack_before_commit",
                                  "dedupe_skipped",
                                  "id_goes_down",
                                  "removed_member_gets_messages",
                                  "own_devices_forgotten",
                                  "live_overtakes_catch_up",
                                  "catch_up_ends_early",
                                  "page_skips_elements",
                                  "log_not_merged",
                                  "receipts_not_stored",
                                  "confirmed_before_commit",
                                  "revoked_connection_stays",
                                  "block_not_looked_at",
                                  "block_not_stored",
                                  "deleted_account_lives_on",
                                  "presence_not_taken_back",
                                  "cursor_past_hole",
                                  "delivered_before_commit",
                                  "delivered_told_too_early",
                                  "read_told_too_early",
                                  "resend_forgotten",
                                  "resend_reordered",
                                  "outbox_row_lost",
                                  "key_not_kept",
                                  "status_goes_back",
                                  "unread_off",
                                  "sign_out_not_told",
                                  "commit_not_synced"};
static_assert(std::size(kNames) == static_cast<std::size_t>(Mutant::count));

struct Caught {
  std::uint64_t seed = 0;  // 0: by none
  std::string problem;
};

Caught hunt(Mutant mutant, std::uint64_t seeds) {
  sotto::chosen_mutant = mutant;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    auto verdict = sotto::sim::run(sotto::sim::make_plan(seed), false);
    if (!verdict.problems.empty()) return {seed, std::move(verdict.problems.front())};
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Plays each bug on purpose until the simulator notices it"};
  std::string only;
  std::uint64_t seeds = 1000;
  app.add_option("--mutant", only, "Only this one");
  app.add_option("--seeds", seeds, "How many seeds it may take")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  std::mutex printing;  // guards std::cout
  std::atomic<std::size_t> next{1};
  std::atomic<int> missed{0};
  auto work = [&] {
    for (auto i = next++; i < std::size(kNames); i = next++) {
      if (!only.empty() && only != kNames[i]) continue;
      const Caught caught = hunt(static_cast<Mutant>(i), seeds);
      if (caught.seed == 0) ++missed;
      const std::lock_guard<std::mutex> guard(printing);
      std::cout << kNames[i] << ": "
                << (caught.seed == 0 ? "NOT CAUGHT"
                                     : "seed " + std::to_string(caught.seed) + ": " + caught.problem)
                << std::endl;
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = std::max(1U, std::thread::hardware_concurrency()); i > 0; --i)
    threads.emplace_back(work);
  threads.clear();
  return missed == 0 ? 0 : 1;
}
