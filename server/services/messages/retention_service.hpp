// Deletes what is older than the configuration keeps, and what belonged to deleted groups, a bounded step at
// a time so that writers are never held up. What a person could have seen is told as a gap.
//
//   while (retention.step(store, context, uptime)) yield to other jobs;  // a write job each, started hourly
//
// What a wrong clock deletes is gone for good. So a clock that is ahead of the time last believed by more
// than
// Limits::clock_jump (it was set, or the server was off for long) is believed once the server has run with it
// for a day, in which somebody can notice. The time believed is stored, so that a restart does not make a
// wrong clock right.
#pragma once

#include <optional>

#include "server/model/limits.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

class RetentionService {
 public:
  // About 10 ms of the writer's time.
  static constexpr std::size_t kMessagesAStep = 500;
  static constexpr Milliseconds kDoubt = std::chrono::hours(24);

  explicit RetentionService(const Limits& limits) : limits_(limits) {}
  /// `uptime`: how long the process has run, by a clock that nobody sets. True: there is more to do.
  bool step(Store& store, WriteContext& context, Milliseconds uptime);
  /// As of the last step: nothing is deleted for its age, since the clock has jumped.
  [[nodiscard]] bool doubts_the_clock() const { return doubted_since_.has_value(); }

 private:
  bool believes_the_clock(Store& store, Timestamp now, Milliseconds uptime);

  Limits limits_;
  std::optional<Milliseconds> doubted_since_;  ///< in uptime
};

}  // namespace sotto::server
