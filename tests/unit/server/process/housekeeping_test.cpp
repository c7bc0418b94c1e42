#include "server/process/housekeeping.hpp"

#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "tests/unit/server/fake_storage.hpp"

namespace sotto::server {
namespace {

/// Work of so many steps, and a wait until that many have run.
class CountedWork {
 public:
  explicit CountedWork(int steps) : left_(steps) {}

  Housekeeping::Work work() {
    return [this](Store&, WriteContext&) {
      const std::lock_guard guard(lock_);
      ++done_;
      changed_.notify_all();
      return --left_ > 0;
    };
  }
  void wait_for(int steps) {
    std::unique_lock guard(lock_);
    changed_.wait(guard, [&] { return done_ >= steps; });
  }
  int done() {
    const std::lock_guard guard(lock_);
    return done_;
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  int left_;
  int done_ = 0;
};

TEST(Housekeeping, GoesOnUntilThereIsNoMoreToDo) {
  FakeStorage storage;
  CountedWork work(3);
  Housekeeping housekeeping(storage, work.work());
  work.wait_for(3);
  housekeeping.stop();
  EXPECT_EQ(work.done(), 3) << "and then waits for the next hour";
}

TEST(Housekeeping, StopsAtOnceWhileTheStorageIsBusy) {
  FakeStorage storage;
  storage.full = true;
  CountedWork work(1);
  Housekeeping housekeeping(storage, work.work());
  housekeeping.stop();
  EXPECT_EQ(work.done(), 0);
}

}  // namespace
}  // namespace sotto::server
