// What leaves the library for the app: events, and the handlers of operations that have ended. They wait here
// in one order until the app polls, or until its executor runs them.
//
//   auto delivery = std::make_shared<Delivery>(max_events);
//   delivery->publish(engine.take_events());        // the engine's thread
//   delivery->complete([done, result] { done(result); });
//   std::vector<Event> batch = delivery->poll();    // the app's thread: runs handlers, returns events
//
// The rules that apps rely on, and this file alone keeps:
//   - no code of the app runs under a lock, and one handler runs at a time, in order;
//   - when set_wake_up, on_event or seal returns, no hook or handler set before is running or will run,
//     except where the caller is that code itself (an app may close its client inside a callback);
//   - a slow app costs bounded memory: the oldest events go, and EventsDropped says how many.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "sotto/client.hpp"
#include "sotto/events.hpp"

namespace sotto::client {

class Delivery : public std::enable_shared_from_this<Delivery> {
 public:
  using Task = std::function<void()>;
  using Hook = std::function<void()>;
  using EventHandler = std::function<void(const Event&)>;

  explicit Delivery(std::size_t max_events) : max_events_(max_events) {}

  // ---- the library's side
  /// Also without events: looks whether somebody should be woken.
  void publish(std::vector<Event> events);
  void complete(Task handler);
  /// A view has differences: worth a wake-up, and nothing to queue.
  void view_changed();
  /// The end of wake-ups and executors. What has not run yet waits for a poll(). `closer` is the thread that
  /// waits for the end: a callback that it is inside of is not waited for.
  void seal(std::thread::id closer);
  /// seal(), and what has not run yet never does.
  void discard(std::thread::id closer);

  // ---- the app's side
  std::vector<Event> poll();
  void set_wake_up(Hook hook);
  void on_event(Client::Executor executor, EventHandler handler);

 private:
  struct Sink {
    Client::Executor executor;
    EventHandler handler;
  };
  template <class T>
  using Numbered = std::deque<std::pair<std::uint64_t, T>>;

  using Lock = std::unique_lock<std::mutex>;

  void add(Event event);
  void limit_events();
  bool has_anything() const { return !events_.empty() || !handlers_.empty() || dropped_ != 0; }
  /// Calls the hook or the executor if somebody should come for what is here. `lock` is held.
  void notify(Lock lock);
  void drain(std::uint64_t generation);
  void run(Lock& lock, Task task);
  Task take_handler();
  Task take_next();
  std::vector<Event> take_events();
  void wait_until_nothing_runs(Lock& lock, std::thread::id closer);

  const std::size_t max_events_;

  // Guards everything below: the engine's thread fills, the app's threads empty. Never held while code of the
  // app runs.
  std::mutex mutex_;
  std::condition_variable nothing_runs_;
  std::uint64_t next_number_ = 0;
  Numbered<Event> events_;
  Numbered<Task> handlers_;
  std::uint64_t dropped_ = 0;  // events, since the app last heard of it
  bool sealed_ = false;
  bool discarded_ = false;

  std::shared_ptr<const Hook> hook_;
  bool hook_due_ = true;  // false from a wake-up until the poll that follows it
  bool views_changed_ = false;
  std::thread::id hook_thread_;  // that runs the hook now

  std::shared_ptr<const Sink> sink_;
  std::uint64_t generation_ = 0;    // of the sink: turns given to an earlier one do nothing
  bool turn_due_ = false;           // the executor has been asked for a turn
  std::thread::id handler_thread_;  // that runs handlers now
};

}  // namespace sotto::client
