// What has to be done now and then: deleting what is older than the configuration keeps, in small steps
// between the writers' batches.
//
//   Housekeeping housekeeping(storage, [&](Store& store, WriteContext& context) {     // at once, then hourly
//     return retention.step(store, context);                                          // true: there is more
//   });
//   ...
//   housekeeping.stop();                                // before the storage closes
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "server/ports/storage.hpp"

namespace sotto::server {

class Housekeeping {
 public:
  using Work = std::function<bool(Store&, WriteContext&)>;
  Housekeeping(Storage& storage, Work work);
  ~Housekeeping() { stop(); }
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;
  void stop();

 private:
  class Step;
  enum class Outcome { waiting, more, finished };
  void run();
  /// One job on the storage, waited for.
  Outcome step();
  void tell(Outcome outcome);

  Storage& storage_;
  const Work work_;
  // Between this thread and the storage's, which says how a step ended.
  std::mutex lock_;
  std::condition_variable changed_;
  Outcome outcome_ = Outcome::finished;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sotto::server
