// One thread's work: tasks in the order in which they were posted, and timers. Everything of a client
// (engine, connections, timers) happens on one loop, so none of it needs a lock.
//
//   IoLoop loop;
//   std::thread thread([&] { loop.run(); });
//   loop.post([&] { timer = loop.after(Milliseconds{500}, [] { tick(); }); });
//   ...
//   loop.stop();
//   thread.join();
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"

namespace sotto::net {

using Task = std::function<void()>;

/// A task that waits for its time. Destroying it (on the loop's thread) means the task will not run.
class Timer {
 public:
  virtual ~Timer() = default;
};

/// What the SDK's drivers need of a loop. There is the real one below, and one on a virtual clock for tests.
class Loop {
 public:
  virtual ~Loop() = default;

  /// Runs on the calling thread until stop(), also while there is nothing to do.
  virtual void run() = 0;
  /// Any thread. run() returns after the task it is in; what waits behind that does not run.
  virtual void stop() = 0;

  /// Any thread. The task never runs inside this call.
  virtual void post(Task task) = 0;
  /// The loop's thread only. Time is the steady clock's: a change of the wall clock moves no timer.
  [[nodiscard]] virtual std::unique_ptr<Timer> after(Milliseconds delay, Task task) = 0;
};

/// The loop that sockets live on.
class IoLoop final : public Loop {
 public:
  IoLoop();
  /// Tasks that did not run are dropped.
  ~IoLoop() override;
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  void run() override;
  void stop() override;
  void post(Task task) override;
  [[nodiscard]] std::unique_ptr<Timer> after(Milliseconds delay, Task task) override;

  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::net
