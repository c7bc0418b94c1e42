// How operations end: exactly once, with a Result, either in a handler or in a future.
//
//   client.me([](Result<Profile> me) { ... });          // runs inside client.poll(), on your thread
//   Result<Profile> me = client.me().get();             // or wait; needs no poll()
//   Operation op = client.discover(numbers, handler);
//   op.cancel();                                        // the handler still runs, with ErrorCode::cancelled
//
// Thread rules: handlers run inside `Client::poll()`, or on the executor given to `Client::on_event`. They
// never run under a lock or on a thread of the library. The library's thread fulfils futures; it runs no code
// of the app. On shutdown, outstanding operations complete with ErrorCode::cancelled.
#pragma once

#include <concepts>
#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "sotto/error.hpp"
#include "sotto/result.hpp"

namespace sotto {

/// A running operation. Destroying it does not cancel the operation.
class Operation {
 public:
  Operation() = default;
  explicit Operation(std::function<void()> cancel) : cancel_(std::move(cancel)) {}

  /// Ends the operation with ErrorCode::cancelled. Any thread. No effect once it has completed. Does not undo
  /// what the server has already done.
  void cancel() const {
    if (cancel_) cancel_();
  }

 private:
  std::function<void()> cancel_;
};

/// Receives the result of an operation. Made from any callable that takes a `Result<T>`.
template <class T>
class Done {
 public:
  template <class F>
  requires(std::invocable<F&, Result<T>> && !std::same_as<std::remove_cvref_t<F>, Done>) Done(F handler)
      : handler_(std::move(handler)) {}

  /// A Done that runs on the library's thread. For promises, which run no code of the app.
  static Done at_once(std::function<void(Result<T>)> handler) {
    Done done(std::move(handler));
    done.at_once_ = true;
    return done;
  }

  /// True: may run on the library's thread. False: runs where the app polls.
  [[nodiscard]] bool runs_at_once() const { return at_once_; }
  void operator()(Result<T> result) const {
    if (handler_) handler_(std::move(result));
  }

 private:
  std::function<void(Result<T>)> handler_;
  bool at_once_ = false;
};

/// A future whose operation can be cancelled. Move it into a plain std::future if that is not needed.
template <class T>
class [[nodiscard]] Pending : public std::future<Result<T>> {
 public:
  Pending(std::future<Result<T>> result, Operation operation)
      : std::future<Result<T>>(std::move(result)), operation_(std::move(operation)) {}
  void cancel() const { operation_.cancel(); }

 private:
  Operation operation_;
};

/// Calls `start` with a Done, and returns what that Done will receive as a future.
template <class T, class Start>
Pending<T> make_pending(Start&& start) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  Operation operation = std::forward<Start>(start)(
      Done<T>::at_once([promise](Result<T> result) { promise->set_value(std::move(result)); }));
  return Pending<T>(std::move(future), std::move(operation));
}

}  // namespace sotto
