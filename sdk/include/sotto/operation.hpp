// How operations end: exactly once, with a Result, either in a handler or in a future.
//
//   client.me([](Result<Profile> me) { ... });          // runs inside client.poll(), on your thread
//   Result<Profile> me = client.me().get();             // or wait; needs no poll()
//   Operation op = client.discover(numbers, handler);
//   op.cancel();                                        // the handler still runs, with ErrorCode::cancelled
//
// Thread rules: handlers run inside `Client::poll()`, or on the executor given to `Client::on_event`; never
// under a lock of the library and never on a thread of the library. Futures are fulfilled by the library's
// thread, which runs no code of yours. On shutdown everything outstanding completes with
// ErrorCode::cancelled.
#pragma once

#include <concepts>
#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "sotto/error.hpp"
#include "sotto/result.hpp"

namespace sotto {

/// A running operation. Dropping it does not cancel.
class Operation {
 public:
  Operation() = default;
  explicit Operation(std::function<void()> cancel) : cancel_(std::move(cancel)) {}

  /// Asks the operation to end now with ErrorCode::cancelled. Any thread; no effect once it has ended. What
  /// the server has already done is not undone.
  void cancel() const {
    if (cancel_) cancel_();
  }

 private:
  std::function<void()> cancel_;
};

/// Where a result goes: made from any callable that takes a `Result<T>`.
template <class T>
class Done {
 public:
  template <class F>
  requires(std::invocable<F&, Result<T>> && !std::same_as<std::remove_cvref_t<F>, Done>) Done(F handler)
      : handler_(std::move(handler)) {}

  /// A Done that runs on the library's thread; for promises, which run no code of the app.
  static Done at_once(std::function<void(Result<T>)> handler) {
    Done done(std::move(handler));
    done.at_once_ = true;
    return done;
  }

  /// False: to be run where the app polls. True: may run on the library's thread.
  [[nodiscard]] bool runs_at_once() const { return at_once_; }
  void operator()(Result<T> result) const {
    if (handler_) handler_(std::move(result));
  }

 private:
  std::function<void(Result<T>)> handler_;
  bool at_once_ = false;
};

/// A future that can be cancelled. Converts to a plain std::future by moving.
template <class T>
class [[nodiscard]] Pending : public std::future<Result<T>> {
 public:
  Pending(std::future<Result<T>> result, Operation operation)
      : std::future<Result<T>>(std::move(result)), operation_(std::move(operation)) {}
  void cancel() const { operation_.cancel(); }

 private:
  Operation operation_;
};

/// Turns a call that takes a Done into one that returns a Pending.
template <class T, class Start>
Pending<T> make_pending(Start&& start) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  Operation operation = std::forward<Start>(start)(
      Done<T>::at_once([promise](Result<T> result) { promise->set_value(std::move(result)); }));
  return Pending<T>(std::move(future), std::move(operation));
}

}  // namespace sotto
