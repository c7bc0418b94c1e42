// Costs that grow with the square of what a stranger sends are found by sending four times as much: it may
// take eight times as long at most. Measured is the CPU time of this thread, and the one long input is
// compared with four short ones, one after the other: they take as much memory, so that caches do not count.
// The long one then takes as long as the four if its cost is in proportion, and four times as long if it
// grows with the square.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

namespace sotto::mls {

inline double cpu_milliseconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

/// The work on an input of `entries`, which has been made before and is not part of the cost.
using PrepareWork = std::function<std::function<void()>(std::size_t entries)>;

inline void expect_cost_in_proportion(std::size_t entries, const PrepareWork& prepare) {
  constexpr int kTimes = 4;
  constexpr int kRounds = 3;  // the least counts: whatever else goes on in the machine only makes it more
  constexpr double kMost = 2;
  const auto least_cost = [&](std::size_t n, int inputs) {
    std::vector<std::function<void()>> works;
    for (int i = 0; i < inputs; ++i)
      works.push_back(prepare(n));
    double best = 1e9;
    for (int round = 0; round < kRounds; ++round) {
      const double start = cpu_milliseconds();
      for (const auto& work : works)
        work();
      best = std::min(best, cpu_milliseconds() - start);
    }
    return best;
  };
  const double short_ones = least_cost(entries, kTimes);
  const double long_one = least_cost(entries * kTimes, 1);
  EXPECT_LE(long_one, short_ones * kMost)
      << kTimes << " inputs of " << entries << " entries take " << short_ones << " ms, and one of "
      << entries * kTimes << " takes " << long_one << " ms";
  if (std::getenv("SOTTO_SHOW_COSTS") != nullptr)
    std::printf("%8zu %9.2f ms %9.2f ms\n", entries, short_ones, long_one);
}

}  // namespace sotto::mls
