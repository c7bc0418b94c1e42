// A bounded queue whose jobs belong to people who take turns: however much one has asked for, another's next
// job waits for one job of each. Nobody fills it alone.
//
//   FairQueue<ReadJob> queue(4096, 256);
//   bool taken = queue.push(job);           // any thread; false: full, or this person's share is, or closed
//   std::unique_ptr<ReadJob> next = queue.take();   // waits; null: closed and empty
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "sotto/ids.hpp"

namespace sotto::server {

/// `Job` has `owner()`: whose it is. Jobs of one person stay in their order. Those of nobody (0) are the
/// server's own, and have no share to fill.
template <class Job>
class FairQueue {
 public:
  FairQueue(std::size_t capacity, std::size_t share) : capacity_(capacity), share_(share) {}

  bool push(std::unique_ptr<Job>& job) {
    {
      const std::lock_guard guard(lock_);
      if (closed_ || count_ >= capacity_) return false;
      const UserId owner = job->owner();
      std::deque<std::unique_ptr<Job>>& line = lines_[owner];
      if (owner && line.size() >= share_) return false;
      if (line.empty()) turns_.push_back(owner);
      line.push_back(std::move(job));
      size_.store(++count_, std::memory_order_relaxed);
    }
    waiting_.notify_one();
    return true;
  }

  std::unique_ptr<Job> take() {
    std::unique_lock guard(lock_);
    waiting_.wait(guard, [&] { return closed_ || count_ > 0; });
    if (count_ == 0) return nullptr;
    const UserId owner = turns_.front();
    turns_.pop_front();
    const auto line = lines_.find(owner);
    std::unique_ptr<Job> job = std::move(line->second.front());
    line->second.pop_front();
    if (line->second.empty())
      lines_.erase(line);
    else
      turns_.push_back(owner);
    size_.store(--count_, std::memory_order_relaxed);
    return job;
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
  const std::size_t share_;
  // Guards what follows, as in JobQueue. Held for moving pointers only.
  std::mutex lock_;
  std::condition_variable waiting_;
  std::unordered_map<UserId, std::deque<std::unique_ptr<Job>>> lines_;  // none is empty
  std::deque<UserId> turns_;                                            // each owner of a line, once
  std::size_t count_ = 0;
  bool closed_ = false;
  std::atomic<std::size_t> size_{0};  // for metrics, without the lock
};

}  // namespace sotto::server
