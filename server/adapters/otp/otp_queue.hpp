// A bounded queue of one-time codes with a thread of its own, for senders that may have to wait: for an HTTP
// endpoint, or for a terminal that somebody has paused. Whoever sends never waits.
//
//   OtpQueue queue(256, [](const OtpMessage& message) { return deliver(message); }, metrics);
//   queue.send(message);           // any thread; beyond the bound the code is dropped and counted
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "server/ports/otp_sender.hpp"

namespace sotto::server {

struct Metrics;

class OtpQueue {
 public:
  /// False: it could not be delivered, which the function itself has logged.
  using Deliver = std::function<bool(const OtpMessage&)>;
  OtpQueue(std::size_t capacity, Deliver deliver, Metrics& metrics);
  ~OtpQueue();  ///< finishes the delivery under way, drops what waits
  OtpQueue(const OtpQueue&) = delete;
  OtpQueue& operator=(const OtpQueue&) = delete;

  void send(OtpMessage message);

 private:
  void run();

  const std::size_t capacity_;
  const Deliver deliver_;
  Metrics& metrics_;
  // Guards the queue between callers and the thread; held for a push or a pop, never during a delivery.
  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<OtpMessage> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sotto::server
