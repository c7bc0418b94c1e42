#include "sdk/client/delivery.hpp"

#include <iterator>

namespace sotto::client {

namespace {

// One turn on the app's executor: long enough to be worth it, short enough for the frame of a user interface.
constexpr int kItemsPerTurn = 64;

/// Marks the running thread; put back when the app's code is left, also by an exception of its own.
class Running {
 public:
  Running(std::unique_lock<std::mutex>& lock, std::thread::id& thread, std::condition_variable& ended)
      : lock_(lock), thread_(thread), ended_(ended) {
    thread_ = std::this_thread::get_id();
  }
  ~Running() {
    if (!lock_.owns_lock()) lock_.lock();
    thread_ = {};
    ended_.notify_all();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  std::unique_lock<std::mutex>& lock_;
  std::thread::id& thread_;
  std::condition_variable& ended_;
};

}  // namespace

// ------------------------------------------------------------------ filling

void Delivery::publish(std::vector<Event> events) {
  Lock lock(mutex_);
  for (auto& event : events)
    add(std::move(event));
  notify(std::move(lock));
}

void Delivery::complete(Task handler) {
  Lock lock(mutex_);
  if (discarded_) return;
  handlers_.emplace_back(next_number_++, std::move(handler));
  notify(std::move(lock));
}

void Delivery::view_changed() {
  Lock lock(mutex_);
  views_changed_ = true;
  notify(std::move(lock));
}

void Delivery::add(Event event) {
  if (discarded_) return;
  events_.emplace_back(next_number_++, std::move(event));
  limit_events();
}

void Delivery::limit_events() {
  while (events_.size() > max_events_) {
    events_.pop_front();
    ++dropped_;
  }
}

void Delivery::notify(Lock lock) {
  // While a handler runs, the end of its turn comes here again.
  if (sink_ && !turn_due_ && handler_thread_ == std::thread::id{} && has_anything()) {
    turn_due_ = true;
    const auto sink = sink_;
    const auto generation = generation_;
    lock.unlock();
    sink->executor([self = shared_from_this(), generation] { self->drain(generation); });
    lock.lock();
  }
  // Whoever is in the hook looks again when it returns.
  if (hook_thread_ != std::thread::id{}) return;
  while (hook_ && hook_due_ && (views_changed_ || (!sink_ && has_anything()))) {
    hook_due_ = false;
    auto hook = hook_;
    const Running running(lock, hook_thread_, nothing_runs_);
    lock.unlock();
    (*hook)();
    hook.reset();  // before the lock: what it holds is the app's
  }
}

// ------------------------------------------------------------------ emptying

std::vector<Event> Delivery::poll() {
  const auto self = shared_from_this();  // a handler may destroy the client
  Lock lock(mutex_);
  hook_due_ = true;
  views_changed_ = false;
  // Inside a handler there is nothing to do: the poll around it goes on in order.
  if (sink_ || handler_thread_ != std::thread::id{}) return {};
  {
    const Running running(lock, handler_thread_, nothing_runs_);
    // Those that are here now: a handler that starts an operation which ends at once would keep us for ever.
    const std::uint64_t until = next_number_;
    const std::uint64_t generation = generation_;
    while (generation == generation_ && !handlers_.empty() && handlers_.front().first < until) {
      run(lock, take_handler());
    }
  }
  if (!sink_) return take_events();
  notify(std::move(lock));  // a handler chose on_event: the rest is for that
  return {};
}

void Delivery::run(Lock& lock, Task task) {
  lock.unlock();
  task();
  task = nullptr;  // before the lock: what it holds is the app's
  lock.lock();
}

std::vector<Event> Delivery::take_events() {
  std::vector<Event> batch;
  batch.reserve(events_.size() + 1);
  if (dropped_ != 0) batch.emplace_back(EventsDropped{std::exchange(dropped_, 0)});
  for (auto& [number, event] : events_)
    batch.push_back(std::move(event));
  events_.clear();
  return batch;
}

void Delivery::drain(std::uint64_t generation) {
  Lock lock(mutex_);
  if (generation != generation_) return;
  turn_due_ = false;
  {
    const Running running(lock, handler_thread_, nothing_runs_);
    for (int i = 0; i < kItemsPerTurn && generation == generation_ && has_anything(); ++i) {
      run(lock, take_next());
    }
  }
  notify(std::move(lock));
}

Delivery::Task Delivery::take_handler() {
  Task handler = std::move(handlers_.front().second);
  handlers_.pop_front();
  return handler;
}

Delivery::Task Delivery::take_next() {
  if (dropped_ != 0) {
    return [sink = sink_, event = Event(EventsDropped{std::exchange(dropped_, 0)})] { sink->handler(event); };
  }
  if (events_.empty() || (!handlers_.empty() && handlers_.front().first < events_.front().first)) {
    return take_handler();
  }
  Event event = std::move(events_.front().second);
  events_.pop_front();
  return [sink = sink_, event = std::move(event)] { sink->handler(event); };
}

// ------------------------------------------------------------------ who is called

// What was called before is let go without the lock: its destructors are the app's.

void Delivery::set_wake_up(Hook hook) {
  std::shared_ptr<const Hook> before;
  Lock lock(mutex_);
  before.swap(hook_);
  wait_until_nothing_runs(lock, {});
  if (hook && !sealed_) hook_ = std::make_shared<const Hook>(std::move(hook));
  hook_due_ = true;
  lock.unlock();
}

void Delivery::on_event(Client::Executor executor, EventHandler handler) {
  std::shared_ptr<const Sink> before;
  Lock lock(mutex_);
  ++generation_;
  turn_due_ = false;
  before.swap(sink_);
  wait_until_nothing_runs(lock, {});
  if (executor && handler && !sealed_) {
    sink_ = std::make_shared<const Sink>(Sink{std::move(executor), std::move(handler)});
  }
  notify(std::move(lock));
}

void Delivery::seal(std::thread::id closer) {
  std::shared_ptr<const Hook> hook;
  std::shared_ptr<const Sink> sink;
  Lock lock(mutex_);
  sealed_ = true;
  ++generation_;
  hook.swap(hook_);
  sink.swap(sink_);
  wait_until_nothing_runs(lock, closer);
  lock.unlock();
}

void Delivery::discard(std::thread::id closer) {
  Numbered<Task> handlers;
  {
    const Lock lock(mutex_);
    discarded_ = true;
    ++generation_;
    handlers.swap(handlers_);
    events_.clear();
  }
  seal(closer);
}

void Delivery::wait_until_nothing_runs(Lock& lock, std::thread::id closer) {
  const auto own = std::this_thread::get_id();
  const auto foreign = [&](std::thread::id running) {
    return running != std::thread::id{} && running != own && running != closer;
  };
  nothing_runs_.wait(lock, [&] { return !foreign(handler_thread_) && !foreign(hook_thread_); });
}

}  // namespace sotto::client
