// A bounded queue between many threads that hand jobs in and those that run them.
//
//   JobQueue<WriteJob> queue(capacity);
//   bool taken = queue.push(job);           // any thread; false: full or closed, the caller keeps the job
//   while (queue.take(batch, limit)) ...    // waits; false: closed and empty
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace sotto::server {

template <class Job>
class JobQueue {
 public:
  explicit JobQueue(std::size_t capacity) : capacity_(capacity) {}

  bool push(std::unique_ptr<Job>& job) {
    {
      const std::lock_guard guard(lock_);
      if (closed_ || jobs_.size() >= capacity_) return false;
      jobs_.push_back(std::move(job));
      size_.store(jobs_.size(), std::memory_order_relaxed);
    }
    waiting_.notify_one();
    return true;
  }

  /// Everything that waits, up to `limit`, into `batch`, which is emptied first.
  bool take(std::vector<std::unique_ptr<Job>>& batch, std::size_t limit) {
    batch.clear();
    std::unique_lock guard(lock_);
    waiting_.wait(guard, [&] { return closed_ || !jobs_.empty(); });
    const std::size_t count = std::min(limit, jobs_.size());
    for (std::size_t i = 0; i < count; ++i) {
      batch.push_back(std::move(jobs_.front()));
      jobs_.pop_front();
    }
    size_.store(jobs_.size(), std::memory_order_relaxed);
    return count > 0;
  }

  /// Nothing more is taken in; what waits is still handed out.
  void close() {
    {
      const std::lock_guard guard(lock_);
      closed_ = true;
    }
    waiting_.notify_all();
  }

  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  const std::size_t capacity_;
  // Guards what follows. Jobs come from every io thread and go to the storage's: there is no one owner to
  // post to, this is what posting is made of. Held for moving pointers only.
  std::mutex lock_;
  std::condition_variable waiting_;
  std::deque<std::unique_ptr<Job>> jobs_;
  bool closed_ = false;
  std::atomic<std::size_t> size_{0};  // for metrics, without the lock
};

}  // namespace sotto::server
