// What has to be done now and then: deleting what is older than the configuration keeps, in small steps
// between the writers' batches.
//
//   Housekeeping housekeeping(storage, retention);      // begins at once, then every hour
//   ...
//   housekeeping.stop();                                // before the storage closes
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "server/ports/storage.hpp"
#include "server/services/retention_service.hpp"

namespace sotto::server {

class Housekeeping {
 public:
  Housekeeping(Storage& storage, RetentionService& retention);
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
  RetentionService& retention_;
  // Between this thread and the storage's, which says how a step ended.
  std::mutex lock_;
  std::condition_variable changed_;
  Outcome outcome_ = Outcome::finished;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sotto::server
