// One client at work: the engine and its driver on a thread of their own, and the way there from the app's
// threads and back.
//
//   auto runtime = Runtime::start(std::move(parts), delivery);
//   Operation op = runtime->call(std::move(done), &Engine::me);     // any thread
//   runtime->shut_down();                                            // any thread; closes and waits
//
// Calls are handed over through one queue. What waits there together and may (`Joins::yes`) becomes one
// transaction of the engine: a hundred sends cost one fsync.
//
// The end, in this order: the engine closes and answers what is outstanding with `cancelled`; connections say
// good-bye; from then on calls are refused, and those that had slipped in are answered; then whoever asked
// for the end learns of it, and the thread ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "sdk/client/call.hpp"
#include "sdk/client/delivery.hpp"
#include "sdk/client/driver.hpp"
#include "sdk/engine/engine.hpp"
#include "sdk/net/loop.hpp"
#include "sdk/net/transport.hpp"

namespace sotto::client {

/// What a runtime is made of. The engine has been started, and is nobody else's.
struct Parts {
  std::unique_ptr<net::Loop> loop;
  std::unique_ptr<net::Transport> transport;
  std::unique_ptr<engine::Engine> engine;
  std::function<engine::Now()> now;
  std::string server_url;
  /// At most so many calls share a transaction (client_access.hpp).
  std::ptrdiff_t joined_calls = 256;
};

/// Whether a call may share a transaction with its neighbours.
enum class Joins : bool { no, yes };

/// What can be told without waiting.
struct Snapshot {
  std::optional<Account> account;
  ConnectionState connection = ConnectionState::offline;
  Metrics metrics;
  std::optional<Milliseconds> clock_skew;
};

class Runtime : public std::enable_shared_from_this<Runtime> {
 public:
  /// Starts the thread. std::system_error where there is none to be had.
  static std::shared_ptr<Runtime> start(Parts parts, std::shared_ptr<Delivery> delivery);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // ------------------------------------------------------------------ any thread

  /// Runs `(engine.*method)(args..., now, reply)`, whose reply ends the call.
  template <class T, class Method, class... Args>
  Operation call(Done<T> done, Method method, Args... args) {
    return begin<T>(Joins::no, std::move(done), method, std::move(args)...);
  }
  /// The same, for calls that only write to the store.
  template <class T, class Method, class... Args>
  Operation write(Done<T> done, Method method, Args... args) {
    return begin<T>(Joins::yes, std::move(done), method, std::move(args)...);
  }
  /// Answers with what `reader(engine)` returns.
  template <class T, class Reader>
  Operation read(Done<T> done, Reader reader) {
    return hand_over_call<T>(Joins::no, std::move(done),
                             [this, reader](Call<T>& call) mutable { call.end(reader(*engine_)); });
  }
  /// Runs `input(engine, now)`; dropped once the client is closed.
  void tell(std::function<void(engine::Engine&, engine::Now)> input);

  Operation open_timeline(ConversationId conversation, TimelineOptions options,
                          Done<std::shared_ptr<Timeline>> done);
  Operation open_conversation_list(Done<std::shared_ptr<ConversationList>> done);
  void close_view(engine::ViewNumber view);

  Operation close(Done<void> done);
  /// What the destructor of Client does.
  void shut_down();

  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] const std::shared_ptr<Delivery>& delivery() const { return delivery_; }

 private:
  struct Waiting {
    Joins joins;
    std::function<void()> run;
  };
  /// Somebody who waits for the end.
  struct Closer {
    std::shared_ptr<Done<void>> done;  // null: the destructor
    std::thread::id thread;
  };

  Runtime(Parts parts, std::shared_ptr<Delivery> delivery);

  template <class T, class Method, class... Args>
  Operation begin(Joins joins, Done<T> done, Method method, Args... args);
  template <class T, class Work>
  Operation hand_over_call(Joins joins, Done<T> done, Work work);
  template <class T>
  void cancel(const std::shared_ptr<Call<T>>& call);
  /// False: closed, and `run` was not taken.
  bool hand_over(Joins joins, std::function<void()> run);

  // The engine's thread.
  void run_waiting();
  void run_joined(std::vector<Waiting>::iterator first, std::vector<Waiting>::iterator last);
  void feed(const Driver::Input& input);
  void pump();
  /// Before an answer goes out: who has signed in finds the account, who has connected the connection.
  void refresh_standing();
  void begin_closing(Closer closer);
  void finish_closing();
  void tell_closer(const Closer& closer, Result<void> outcome);
  void refuse_calls();

  const std::shared_ptr<Delivery> delivery_;
  const std::function<engine::Now()> now_;
  const std::ptrdiff_t joined_calls_;
  std::unique_ptr<net::Loop> loop_;

  // The engine's thread only.
  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Driver> driver_;
  std::vector<Closer> closers_;
  Result<void> closed_with_;    // the last commit may fail
  bool closing_ = false;        // calls are refused
  bool engine_closed_ = false;  // inputs are dropped

  mutable std::mutex snapshot_mutex_;  // guards the copy that app threads read
  Snapshot snapshot_;

  std::mutex waiting_mutex_;  // guards the queue between app threads and the engine's
  std::vector<Waiting> waiting_;
  bool accepting_ = true;

  std::thread thread_;
};

// ------------------------------------------------------------------ templates

template <class T, class Work>
Operation Runtime::hand_over_call(Joins joins, Done<T> done, Work work) {
  auto call = std::make_shared<Call<T>>(std::move(done), delivery_);
  const bool taken = hand_over(joins, [this, call, work = std::move(work)]() mutable {
    if (closing_) return call->end(Error(ErrorCode::invalid_state, "the client is closed"));
    work(*call);
  });
  if (!taken) {
    call->end(Error(ErrorCode::invalid_state, "the client is closed"));
    return {};
  }
  return Operation([weak = weak_from_this(), call] {
    if (const auto self = weak.lock()) self->cancel(call);
  });
}

template <class T, class Method, class... Args>
Operation Runtime::begin(Joins joins, Done<T> done, Method method, Args... args) {
  return hand_over_call<T>(
      joins, std::move(done),
      [this, method, bound = std::make_tuple(std::move(args)...)](Call<T>& call) mutable {
        engine::Reply<T> reply = [this, c = call.shared_from_this()](Result<T> result) {
          refresh_standing();
          c->end(std::move(result));
        };
        std::apply(
            [&](auto&... arg) {
              using Answer = decltype((engine_.get()->*method)(std::move(arg)..., now_(), std::move(reply)));
              if constexpr (std::is_void_v<Answer>) {
                (engine_.get()->*method)(std::move(arg)..., now_(), std::move(reply));
              } else {
                call.number = (engine_.get()->*method)(std::move(arg)..., now_(), std::move(reply));
              }
            },
            bound);
      });
}

template <class T>
void Runtime::cancel(const std::shared_ptr<Call<T>>& call) {
  hand_over(Joins::no, [this, call] {
    if (!closing_ && !call->ended() && call->number != engine::OperationNumber::none) {
      engine_->cancel(call->number, now_());
    }
  });
}

}  // namespace sotto::client
