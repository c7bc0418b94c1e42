// One call of the app, from the moment it is made until its result is on the way: it ends exactly once,
// whatever happens first, the engine's answer, a cancel, or the end of the client.
#pragma once

#include <memory>
#include <utility>

#include "sdk/client/delivery.hpp"
#include "sdk/engine/engine.hpp"
#include "sotto/operation.hpp"

namespace sotto::client {

/// The engine's thread only, once it has been handed there.
template <class T>
class Call : public std::enable_shared_from_this<Call<T>> {
 public:
  Call(Done<T> done, std::shared_ptr<Delivery> delivery)
      : done_(std::move(done)), delivery_(std::move(delivery)) {}
  /// A reply that the engine let go without running it.
  ~Call() { end(Error(ErrorCode::cancelled, "the client was closed")); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  [[nodiscard]] bool ended() const { return ended_; }
  void end(Result<T> result) {
    if (std::exchange(ended_, true)) return;
    if (done_.runs_at_once()) {
      done_(std::move(result));
    } else {
      delivery_->complete([done = std::move(done_), r = std::move(result)]() mutable { done(std::move(r)); });
    }
  }

  /// What the engine calls it, while it runs there.
  engine::OperationNumber number{};

 private:
  Done<T> done_;
  std::shared_ptr<Delivery> delivery_;
  bool ended_ = false;
};

}  // namespace sotto::client
