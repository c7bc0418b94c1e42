// The client's core, sans I/O: it is given what happened (frames, responses, time, calls of the app) and says
// what to do (effects) and what to tell the app (events). It owns the store; it touches no socket, thread,
// clock or random device. One process can run hundreds, on a virtual clock.
//
//   auto store = store::Store::open({path, key});
//   Engine engine(std::move(*store), random, EngineOptions{});
//   engine.start(now);
//   engine.connect(now, [](Result<void>) {});
//   for (;;) {
//     for (Effect& e : engine.take_effects()) perform(e);       // in order
//     for (Event& e : engine.take_events()) hand_to_app(e);     // already committed
//     wait until engine.next_deadline() or for something to happen;
//     engine.on_frame(connection, bytes, now);                  // or any other input
//   }
//
// After every input take effects and events, and look at next_deadline again. Every input is one transaction
// of the store at most; `batch` makes several inputs share one. What an input wants sent or told is kept back
// until its transaction has committed. When a commit fails, nothing of the input has happened: operations
// complete with the `store_` error, the connection is closed, and the engine goes on from what is stored, as
// after a restart.
//
// Replies run exactly once, inside an input, after its commit; they may call the engine. `close` completes
// what is outstanding with `cancelled`.
//
// Thread rules: one thread at a time. Times: `now` never goes back in `steady`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "sdk/engine/effects.hpp"
#include "sdk/store/store.hpp"
#include "sotto/client.hpp"

namespace sotto::engine {

template <class T>
using Reply = std::function<void(Result<T>)>;

struct EngineOptions {
  std::string device_name = "sotto";
  Milliseconds outbox_expiry = std::chrono::hours(24);
};

/// How a connection ended or could not be made.
struct CloseReason {
  std::uint16_t code = 0;      ///< WebSocket close code; 0: none was received
  int http_status = 0;         ///< of a refused upgrade; 0: none
  std::optional<Error> error;  ///< a network error, where there was one
};

class Engine {
 public:
  Engine(std::shared_ptr<store::Store> store, Random& random, EngineOptions options);
  /// Forgets everything that was not committed, like a crash; replies that are outstanding do not run. Call
  /// `close` first for an orderly end.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // ---------------------------------------------------------------- inputs from the driver

  /// Once, first: loads what is stored.
  Result<void> start(Now now);
  void on_connected(ConnectionNumber connection, Now now);
  void on_frame(ConnectionNumber connection, ByteView frame, Now now);
  void on_pong(ConnectionNumber connection, Now now);
  void on_closed(ConnectionNumber connection, CloseReason reason, Now now);
  void on_response(RequestNumber request, HttpResponse response, Now now);
  void on_request_failed(RequestNumber request, Error error, Now now);
  /// Something is due. Safe to call at any time.
  void on_timer(Now now);
  void network_changed(Now now);
  /// Runs `inputs`, which call this engine, as one transaction: one fsync for many sends.
  void batch(Now now, const std::function<void()>& inputs);

  // ---------------------------------------------------------------- outputs

  [[nodiscard]] std::vector<Effect> take_effects();
  [[nodiscard]] std::vector<Event> take_events();
  /// When on_timer wants to be called, in `steady` time; it may already be past.
  [[nodiscard]] std::optional<Milliseconds> next_deadline() const;

  // ---------------------------------------------------------------- state, never waits

  [[nodiscard]] std::optional<Account> account() const;
  [[nodiscard]] ConnectionState connection_state() const;
  [[nodiscard]] Metrics metrics() const;
  [[nodiscard]] std::optional<Milliseconds> clock_skew() const;

  // ---- operations; meaning and errors: client.hpp

  /// The operation ends with `cancelled`, inside this call. No effect if it has ended.
  void cancel(OperationNumber operation, Now now);

  OperationNumber request_otp(std::string phone_number, Now now, Reply<void> reply);
  OperationNumber login(LoginRequest request, Now now, Reply<Account> reply);
  OperationNumber logout(Now now, Reply<void> reply);
  OperationNumber me(Now now, Reply<Profile> reply);
  OperationNumber update_profile(ProfileUpdate update, Now now, Reply<Profile> reply);
  OperationNumber delete_account(Now now, Reply<void> reply);
  OperationNumber user(UserId user, Now now, Reply<Profile> reply);

  void connect(Now now, Reply<void> reply);
  void disconnect(Now now, Reply<void> reply);
  OperationNumber wait_until_synced(Milliseconds timeout, Now now, Reply<void> reply);
  /// When the reply has run, the store's files are closed.
  void suspend(Now now, Reply<void> reply);
  void resume(Now now, Reply<void> reply);
  /// When the reply has run, the store's files are closed for good and no reply runs again.
  void close(Now now, Reply<void> reply);

  void send(Target target, OutgoingMessage message, Now now, Reply<SendReceipt> reply);
  void cancel_message(LocalId message, Now now, Reply<void> reply);
  void retry_message(LocalId message, Now now, Reply<void> reply);
  void delete_message(LocalId message, Now now, Reply<void> reply);
  void mark_read(ConversationId conversation, MessageId up_to, Now now, Reply<void> reply);
  OperationNumber fetch_history(ConversationId conversation, std::size_t limit, Now now, Reply<bool> reply);
  void open_direct(UserId user, Now now, Reply<ConversationId> reply);
  void set_draft(ConversationId conversation, Draft draft, Now now, Reply<void> reply);
  void set_typing(ConversationId conversation, Now now);

  OperationNumber create_group(std::string name, std::vector<UserId> members, Now now,
                               Reply<Conversation> reply);
  OperationNumber rename_group(ConversationId group, std::string name, Now now, Reply<void> reply);
  OperationNumber add_members(ConversationId group, std::vector<UserId> users, Now now, Reply<void> reply);
  OperationNumber remove_member(ConversationId group, UserId user, Now now, Reply<void> reply);
  OperationNumber set_role(ConversationId group, UserId user, Role role, Now now, Reply<void> reply);
  OperationNumber leave_group(ConversationId group, Now now, Reply<void> reply);
  OperationNumber delete_group(ConversationId group, Now now, Reply<void> reply);

  OperationNumber discover(std::vector<std::string> phone_numbers, Now now,
                           Reply<std::vector<Contact>> reply);
  OperationNumber find_user(std::string phone_number, Now now, Reply<Contact> reply);
  OperationNumber contacts(Now now, Reply<std::vector<Contact>> reply);
  OperationNumber remove_contact(UserId user, Now now, Reply<void> reply);
  OperationNumber block(UserId user, Now now, Reply<void> reply);
  OperationNumber unblock(UserId user, Now now, Reply<void> reply);
  void subscribe_presence(std::vector<UserId> users, Now now, Reply<void> reply);
  OperationNumber devices(Now now, Reply<std::vector<Device>> reply);
  OperationNumber revoke_device(DeviceId device, Now now, Reply<void> reply);

  // ---------------------------------------------------------------- reading what is stored

  [[nodiscard]] Result<Message> message(LocalId message);
  [[nodiscard]] Result<std::vector<Transition>> trace(LocalId message);
  [[nodiscard]] Result<std::vector<MemberReceipt>> receipts(LocalId message);
  [[nodiscard]] Result<MessagePage> messages(const MessagesQuery& query);
  [[nodiscard]] Result<SearchPage> search(const SearchQuery& query);
  [[nodiscard]] Result<std::vector<Conversation>> conversations();
  [[nodiscard]] Result<Conversation> conversation(ConversationId id);
  [[nodiscard]] Result<std::vector<Member>> members(ConversationId conversation);
  [[nodiscard]] Result<Draft> draft(ConversationId conversation);
  [[nodiscard]] Result<std::vector<UserId>> blocked();

  // ---------------------------------------------------------------- views

  /// The first window, and every difference later, comes as an effect with this number.
  Result<ViewNumber> open_timeline(ConversationId conversation, TimelineOptions options, Now now);
  Result<ViewNumber> open_conversation_list(Now now);
  OperationNumber load_older(ViewNumber timeline, std::size_t count, Now now, Reply<bool> reply);
  OperationNumber load_newer(ViewNumber timeline, std::size_t count, Now now, Reply<bool> reply);
  void close_view(ViewNumber view, Now now);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::engine
