#include "sdk/net/loop.hpp"

#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>

#include "sdk/net/io_loop.hpp"

namespace sotto::net {

namespace {

using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;

class AsioTimer final : public Timer {
 public:
  AsioTimer(IoExecutor executor, Milliseconds delay, Task task)
      : timer_(executor, delay), task_(std::make_shared<Task>(std::move(task))) {
    // A timer that has fired is no longer cancelled by its destructor, so its handler looks whether the task
    // is still wanted; and it takes the task out before running it, since that may destroy this object.
    timer_.async_wait([wanted = std::weak_ptr<Task>(task_)](error_code error) {
      if (auto kept = wanted.lock(); kept && !error) (*kept)();
    });
  }

 private:
  SteadyTimer timer_;
  std::shared_ptr<Task> task_;
};

}  // namespace

IoLoop::IoLoop() : impl_(std::make_unique<Impl>(this)) {}

IoLoop::~IoLoop() {
  const std::lock_guard lock(impl_->gate->mutex);
  impl_->gate->loop = nullptr;
}

void IoLoop::run() {
  impl_->context.run();
}

void IoLoop::stop() {
  impl_->context.stop();
}

void IoLoop::post(Task task) {
  asio::post(impl_->context, std::move(task));
}

std::unique_ptr<Timer> IoLoop::after(Milliseconds delay, Task task) {
  return std::make_unique<AsioTimer>(impl_->context.get_executor(), delay, std::move(task));
}

}  // namespace sotto::net
