#include "server/process/housekeeping.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace sotto::server {
namespace {

// Retention counts in days: an hour more or less is nothing.
constexpr auto kInterval = std::chrono::hours(1);
// Between two steps, so that deleting a year's messages takes a tenth of the writer's time and not all of it.
constexpr auto kPause = std::chrono::milliseconds(100);

}  // namespace

class Housekeeping::Step final : public WriteJob {
 public:
  explicit Step(Housekeeping& owner) : owner_(owner) {}
  void run(Store& store, WriteContext& context) override { more_ = owner_.work_(store, context); }
  // After a failure there is nothing to hurry for; the next hour tries again.
  void done(bool committed) override { owner_.tell(committed && more_ ? Outcome::more : Outcome::finished); }

 private:
  Housekeeping& owner_;
  bool more_ = false;
};

Housekeeping::Housekeeping(Storage& storage, Work work)
    : storage_(storage), work_(std::move(work)), thread_([this] { run(); }) {}

void Housekeeping::stop() {
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Housekeeping::run() {
  while (true) {
    const Outcome outcome = step();
    std::unique_lock guard(lock_);
    const auto pause = outcome == Outcome::more ? std::chrono::milliseconds(kPause) : kInterval;
    if (changed_.wait_for(guard, pause, [this] { return stopping_; })) return;
  }
}

Housekeeping::Outcome Housekeeping::step() {
  {
    const std::lock_guard guard(lock_);
    if (stopping_) return Outcome::finished;
    outcome_ = Outcome::waiting;
  }
  std::unique_ptr<WriteJob> job = std::make_unique<Step>(*this);
  if (!storage_.write(job)) return Outcome::more;  // busy: later
  std::unique_lock guard(lock_);
  // The job's `done` always comes, and it refers to this object, so even a stop waits for it.
  changed_.wait(guard, [this] { return outcome_ != Outcome::waiting; });
  return outcome_;
}

void Housekeeping::tell(Outcome outcome) {
  const std::lock_guard guard(lock_);
  outcome_ = outcome;
  changed_.notify_all();
}

}  // namespace sotto::server
