// A thread of the app, with a queue of its own, as a user interface has one.
//
//   AppThread app;
//   client.on_event(app.executor(), handler);
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "sotto/client.hpp"

namespace sotto::client {

class AppThread {
 public:
  AppThread() : thread_([this] { run(); }) {}
  ~AppThread() {
    post([this] { stop_ = true; });
    thread_.join();
  }
  void post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_all();
  }
  /// Runs on the thread, and waits for it and all before it.
  void sync() {
    std::promise<void> done;
    post([&] { done.set_value(); });
    done.get_future().wait();
  }
  Client::Executor executor() {
    return [this](std::function<void()> task) { post(std::move(task)); };
  }
  [[nodiscard]] std::thread::id id() const { return thread_.get_id(); }

 private:
  void run() {
    while (!stop_) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !tasks_.empty(); });
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool stop_ = false;  // the thread's own
  std::thread thread_;
};

}  // namespace sotto::client
