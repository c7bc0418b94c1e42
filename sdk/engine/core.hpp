// What the parts of the engine share: the store, the account, time, and the way out for effects, events and
// replies.
//
// Everything that a part wants sent or told during an input is staged here and leaves once the input's
// transaction has committed (Engine::Impl::finish). A part changes the store through `write()`, which begins
// the transaction with the first change.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/protocol.hpp"
#include "base/random.hpp"
#include "sdk/engine/effects.hpp"
#include "sdk/engine/engine.hpp"
#include "sdk/store/store.hpp"
#include "sotto/events.hpp"
#include "sotto/metrics.hpp"

namespace sotto::lite {
class ClientFrame;
}

namespace sotto::engine {

using store::ConversationRow;

/// The account in memory, as stored.
struct AccountState {
  Account account;
  store::Tokens tokens;
  std::uint64_t cursor = 0;          ///< place in the stream below which nothing is missing
  std::uint64_t delivered_told = 0;  ///< messages up to here are known to the server as delivered
  std::uint64_t stream_start = 0;    ///< messages before it are only on the server
  bool inbox_loaded = false;
  std::uint64_t stream_id = 0;  ///< the stream that `cursor` is a place in
  ProtocolLimits limits;        ///< those the server told last

  [[nodiscard]] bool signed_in() const { return !tokens.refresh.empty(); }
};

class Core {
 public:
  Core(std::shared_ptr<store::Store> s, Random& r, EngineOptions o)
      : store(std::move(s)), random(r), options(std::move(o)) {}

  // ---- the world
  const std::shared_ptr<store::Store> store;
  Random& random;
  const EngineOptions options;
  Now now;
  Metrics metrics;
  std::optional<AccountState> account;

  /// What the server takes: as it said last, and the protocol's defaults before it has said anything.
  [[nodiscard]] ProtocolLimits limits() const { return account ? account->limits : ProtocolLimits{}; }
  [[nodiscard]] UserId me() const { return account ? account->account.user_id : UserId{}; }

  /// The store, inside this input's transaction.
  store::Store& write();
  /// The store, for reading; sees this input's own changes.
  store::Store& read() { return *store; }

  /// What reading left behind, if it failed. Inside a transaction the error stays, so that its commit fails.
  std::optional<Error> read_error();

  // ---- the connection, kept by Session
  /// Set between the server's hello and the end of the connection.
  ConnectionNumber ready{};
  [[nodiscard]] bool connected() const { return ready != ConnectionNumber::none; }
  /// Stages a frame; drops it while there is no connection.
  void send(const lite::ClientFrame& frame);

  // ---- what leaves
  void stage(Effect effect) { staged_effects_.push_back(std::move(effect)); }
  void stage(Event event) { staged_events_.push_back(std::move(event)); }
  /// Leaves at once: what does not depend on the transaction (REST requests).
  void perform(Effect effect) { effects_.push_back(std::move(effect)); }
  /// Runs `reply` after the commit; with the commit's error where that fails.
  template <class T>
  void stage_reply(Reply<T> reply, Result<T> result) {
    if (!reply) return;
    staged_replies_.push_back(
        [reply = std::move(reply), result = std::move(result)](const Error* failed) mutable {
          if (failed != nullptr)
            reply(*failed);
          else
            reply(std::move(result));
        });
  }
  /// A message or conversation changed: views and events follow.
  void touch(ConversationRow conversation) { touched_.insert_or_assign(conversation, true); }
  /// The same where an event that tells all of it has just been staged: views follow.
  void touch_silently(ConversationRow conversation) { touched_.insert_or_assign(conversation, false); }
  /// MessageAdded or MessageChanged with the message as it is stored now.
  void stage_message(LocalId message, bool added);
  /// Breaks the protocol: reported, and the connection ends (Session).
  void violation(std::string what);
  [[nodiscard]] std::optional<std::string> take_violation() {
    return std::exchange(violation_, std::nullopt);
  }

  // ---- the end of an input (Engine::Impl)
  /// With each, whether it wants an event.
  [[nodiscard]] std::map<ConversationRow, bool> take_touched() { return std::exchange(touched_, {}); }
  Result<void> commit();
  using StagedReply = std::function<void(const Error*)>;
  std::vector<StagedReply> release(bool committed);
  [[nodiscard]] std::vector<Effect> take_effects() { return std::exchange(effects_, {}); }
  [[nodiscard]] std::vector<Event> take_events() { return std::exchange(events_, {}); }
  /// Reads the account again.
  void load_account();

 private:
  std::vector<Effect> effects_, staged_effects_;
  std::vector<Event> events_, staged_events_;
  std::vector<StagedReply> staged_replies_;
  std::map<ConversationRow, bool> touched_;
  std::optional<std::string> violation_;
};

/// A part of the engine. Order of calls: `load` at the start, on resume and after a failed commit (forget
/// all, read the store); `connected` after each hello; `disconnected` when that connection is gone.
class Part {
 public:
  Part() = default;
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  virtual ~Part() = default;

  virtual void load() {}
  virtual void connected() {}
  virtual void disconnected() {}
  /// Called at the end of every input, inside its transaction: the place to act on what has come due.
  virtual void work() {}
  /// When `work` wants to be called without any other input, in steady time.
  [[nodiscard]] virtual std::optional<Milliseconds> deadline() const { return std::nullopt; }
};

/// The earlier of two deadlines.
inline std::optional<Milliseconds> earlier(std::optional<Milliseconds> a, std::optional<Milliseconds> b) {
  if (!a) return b;
  if (!b) return a;
  return std::min(*a, *b);
}

}  // namespace sotto::engine
