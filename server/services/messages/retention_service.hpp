// Deletes what is older than the configuration keeps, and what belonged to deleted groups, a bounded step at
// a time so that writers are never held up. What a person could have seen is told as a gap.
//
//   while (retention.step(store, context)) yield to other jobs;      // one write job a step, started hourly
#pragma once

#include "server/model/limits.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

class RetentionService {
 public:
  // About 10 ms of the writer's time.
  static constexpr std::size_t kMessagesAStep = 500;

  explicit RetentionService(const Limits& limits) : limits_(limits) {}
  /// True: there is more to do.
  bool step(Store& store, WriteContext& context);

 private:
  Limits limits_;
};

}  // namespace sotto::server
