// What the load does and what came of it.
//
// A message is late from the moment it was due, not from the moment it could be sent: with a rate, the
// schedule goes on while the server is slow, so a stall shows in every message that it delayed (no
// coordinated omission).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/load/histogram.hpp"
#include "tests/bench/load/options.hpp"

namespace sotto::bench {

struct Outcome {
  double seconds = 0;
  std::uint64_t acked = 0;
  std::uint64_t delivered = 0;  ///< messages to recipients; in a group one for each member
  std::uint64_t completed = 0;  ///< group messages that the last member has
  std::vector<std::uint64_t> delivered_each_second;  ///< whole seconds
  Histogram to_ack;
  Histogram to_delivery;     ///< in a group: to the last member
  double server_cpu_us = 0;  ///< for each delivered message
  double own_cpu_us = 0;
  double written_bytes = 0;         ///< by the server, for each acked message
  double commits = 0;               ///< of the server, for each acked message
  double bytes_per_connection = 0;  ///< idle: memory
  double login_seconds = 0;
  std::size_t connections = 0;

  /// Another delivery, `at` after measuring began.
  void count_delivery(std::chrono::nanoseconds at) {
    ++delivered;
    const auto second =
        static_cast<std::size_t>(std::chrono::duration_cast<std::chrono::seconds>(at).count());
    if (second >= delivered_each_second.size()) delivered_each_second.resize(second + 1);
    ++delivered_each_second[second];
  }
  /// What came in the second that the end has cut short says nothing.
  void forget_last_second() {
    if (static_cast<double>(delivered_each_second.size()) > seconds) delivered_each_second.pop_back();
  }
};

Outcome run(const Options& options);

}  // namespace sotto::bench
