#include "server/adapters/otp/otp_queue.hpp"

#include <utility>

#include "server/logging/log.hpp"
#include "server/metrics/metrics.hpp"

namespace sotto::server {

OtpQueue::OtpQueue(std::size_t capacity, Deliver deliver, Metrics& metrics)
    : capacity_(capacity), deliver_(std::move(deliver)), metrics_(metrics), thread_([this] { run(); }) {}

OtpQueue::~OtpQueue() {
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void OtpQueue::send(OtpMessage message) {
  {
    const std::lock_guard guard(lock_);
    if (waiting_.size() < capacity_) {
      waiting_.push_back(std::move(message));
      changed_.notify_one();
      return;
    }
  }
  metrics_.otp_sent.add("dropped");
  log::warn("otp_dropped", {{"reason", "codes are asked for faster than they can be delivered"}});
}

void OtpQueue::run() {
  while (true) {
    OtpMessage message;
    {
      std::unique_lock guard(lock_);
      changed_.wait(guard, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      message = std::move(waiting_.front());
      waiting_.pop_front();
    }
    metrics_.otp_sent.add(deliver_(message) ? "sent" : "failed");
  }
}

}  // namespace sotto::server
