// How the parts of the engine hang together, and what an input is: `run`.
#pragma once

#include <utility>
#include <vector>

#include "sdk/engine/calls/account_calls.hpp"
#include "sdk/engine/calls/group_calls.hpp"
#include "sdk/engine/calls/history.hpp"
#include "sdk/engine/calls/lookups.hpp"
#include "sdk/engine/calls/people_calls.hpp"
#include "sdk/engine/core.hpp"
#include "sdk/engine/engine.hpp"
#include "sdk/engine/operations.hpp"
#include "sdk/engine/outbox/directory.hpp"
#include "sdk/engine/outbox/outbox.hpp"
#include "sdk/engine/session/requests.hpp"
#include "sdk/engine/session/session.hpp"
#include "sdk/engine/stream/presence.hpp"
#include "sdk/engine/stream/receipts.hpp"
#include "sdk/engine/stream/stream.hpp"
#include "sdk/engine/views/reading.hpp"
#include "sdk/engine/views/search_indexing.hpp"
#include "sdk/engine/views/views.hpp"

namespace sotto::engine {

class Engine::Impl {
 public:
  Impl(std::shared_ptr<store::Store> store, Random& random, EngineOptions options);
  ~Impl();

  Result<void> start(Now now);

  /// One input: `what` happens, the parts do what has come due, the store commits, and what was staged
  /// leaves. Inside another input it is a piece of that one.
  template <class F>
  void run(Now now, F&& what) {
    core.now = {std::max(core.now.steady, now.steady), now.wall};
    ++depth_;
    what();
    if (--depth_ == 0) finish();
  }

  /// Nothing, or why operations cannot be begun now.
  [[nodiscard]] std::optional<Error> refusal() const;
  /// The same for those that need an account.
  [[nodiscard]] std::optional<Error> account_refusal() const;
  /// Runs `what` as an input, or answers with the refusal.
  template <class T, class F>
  void call(Now now, const Reply<T>& reply, std::optional<Error> refused, F&& what) {
    if (refused) return reply ? reply(std::move(*refused)) : void();
    run(now, std::forward<F>(what));
  }
  template <class T, class F>
  OperationNumber operation(Now now, const Reply<T>& reply, std::optional<Error> refused, F&& what) {
    OperationNumber number{};
    if (!refused && operations.full())
      refused = Error(ErrorCode::rate_limited, "too many operations at once");
    call<T>(now, reply, std::move(refused), [&] { number = what(); });
    return number;
  }

  OperationNumber wait_until_synced(Milliseconds timeout, Reply<void> reply);
  void suspend(Reply<void> reply);
  void resume(Reply<void> reply);
  void close(Reply<void> reply);
  [[nodiscard]] bool is_running() const { return mode_ == Mode::running; }
  [[nodiscard]] std::optional<Milliseconds> next_deadline() const;

  Core core;
  Operations operations{core};
  Requests requests{core, operations};
  Session session{core, requests};
  Directory directory{core};
  Outbox outbox{core, directory};
  Reading reading{core, directory, outbox};
  Receipts receipts{core};
  Presence presence{core};
  Stream stream{core, session, directory, outbox, receipts, presence, reading};
  History history{core, operations, requests};
  AccountCalls account_calls{core, operations, requests};
  GroupCalls group_calls{core, operations, requests, directory, reading};
  PeopleCalls people_calls{core, operations, requests};
  Lookups lookups{core, requests, directory, outbox, group_calls, people_calls, history};
  Views views{core, directory, reading, history};
  SearchIndexing search_indexing{core};

 private:
  enum class Mode : std::uint8_t { created, running, suspended, closed };
  struct Waiter {
    Ticket<void> ticket;
    Milliseconds until{0};
  };

  void finish();
  void work();
  void check_waiters();
  /// Their place in the list, and their event.
  void settle_conversations(const std::map<ConversationRow, bool>& touched);
  void recover(const Error& error);
  void load();
  void stand_still(Mode mode);

  Mode mode_ = Mode::created;
  int depth_ = 0;
  bool wanted_before_suspend_ = false;
  bool close_store_ = false;
  std::vector<Part*> parts_;  ///< in the order they work
  std::vector<Waiter> waiters_;
};

}  // namespace sotto::engine
