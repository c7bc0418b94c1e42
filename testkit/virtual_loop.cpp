#include "testkit/virtual_loop.hpp"

#include <chrono>
#include <utility>

namespace sotto::sim {

namespace {

// A client works for milliseconds. After this long, even with sanitizers on a busy machine, it is stuck.
constexpr std::chrono::seconds kPatience{60};

class VirtualTimer final : public net::Timer {
 public:
  explicit VirtualTimer(std::shared_ptr<net::Task> task) : task_(std::move(task)) {}

 private:
  std::shared_ptr<net::Task> task_;
};

}  // namespace

void LoopControl::post(net::Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  idle_ = false;
  posted_.notify_one();
}

void LoopControl::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  posted_.notify_one();
}

void LoopControl::run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (tasks_.empty()) {
      idle_ = true;
      idle_again_.notify_all();
      posted_.wait(lock, [this] { return stopped_ || !tasks_.empty(); });
      continue;
    }
    auto batch = std::exchange(tasks_, {});
    lock.unlock();
    for (auto& task : batch) {
      if (is_stopped()) break;
      std::exchange(task, nullptr)();
    }
    batch.clear();  // without the lock: destroying a task may post
    lock.lock();
  }
  ended_ = true;
  idle_again_.notify_all();
}

bool LoopControl::is_stopped() {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void LoopControl::ask(Ask what) {
  const std::lock_guard lock(mutex_);
  asks_.push_back(std::move(what));
}

bool LoopControl::wait_until_idle() {
  std::unique_lock lock(mutex_);
  return idle_again_.wait_for(lock, kPatience, [this] { return idle_ || ended_; });
}

std::vector<LoopControl::Ask> LoopControl::take_asks() {
  const std::lock_guard lock(mutex_);
  return std::exchange(asks_, {});
}

bool LoopControl::ended() {
  const std::lock_guard lock(mutex_);
  return ended_;
}

std::unique_ptr<net::Timer> VirtualLoop::after(Milliseconds delay, net::Task task) {
  auto kept = std::make_shared<net::Task>(std::move(task));
  control_->ask([delay, wanted = std::weak_ptr(kept), loop = control_->weak_from_this()](World& world) {
    world.after(delay, [wanted, loop] {
      const auto alive = loop.lock();
      if (!alive || wanted.expired()) return;
      alive->post([wanted] {
        // Copied out first: the task may destroy its timer.
        if (const auto due = wanted.lock()) (*due)();
      });
    });
  });
  return std::make_unique<VirtualTimer>(std::move(kept));
}

}  // namespace sotto::sim
