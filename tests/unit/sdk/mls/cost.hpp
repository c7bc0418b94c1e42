// Costs that grow with the square of what a stranger sends are found by sending eight times as much. Measured
// is the CPU time of this thread, and the one long input is compared with eight short ones, one after the
// other. The long one takes as long as the eight if its cost is in proportion, up to three times as long
// where its tables no longer fit the caches, and eight times as long if it grows with the square.
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

/// The work on an input of so many entries, which has been made before and is not part of the cost.
using PrepareWork = std::function<std::function<void()>(std::size_t entries)>;

/// The long input has four times `entries`.
inline void expect_cost_in_proportion(std::size_t entries, const PrepareWork& prepare) {
  constexpr int kTimes = 8;
  constexpr int kRounds = 3;  // the least counts: whatever else goes on in the machine only makes it more
  constexpr double kMost = 4;
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
  const std::size_t few = entries / 2;
  const double short_ones = least_cost(few, kTimes);
  const double long_one = least_cost(few * kTimes, 1);
  EXPECT_LE(long_one, short_ones * kMost)
      << kTimes << " inputs of " << few << " entries take " << short_ones << " ms, and one of "
      << few * kTimes << " takes " << long_one << " ms";
  if (std::getenv("SOTTO_SHOW_COSTS") != nullptr)
    std::printf("%8zu %9.2f ms %9.2f ms\n", few, short_ones, long_one);
}

}  // namespace sotto::mls
