// Sotto's client: one account on one device.
//
//   ClientOptions options;
//   options.server_url = "https://chat.example.org";
//   options.directory = app_data / "sotto";
//   auto opened = Client::open(options);
//   if (!opened) return fail(opened.error());
//   Client& client = **opened;
//
//   client.set_wake_up([&loop] { loop.post(poll_now); });       // any thread; carries no data
//   if (!client.account()) {
//     client.request_otp("+491701234567").get();
//     client.login({"+491701234567", code_from_sms}).get();
//   }
//   client.connect();
//   client.send(PhoneNumber{"+491709876543"}, {"hello"}, [](Result<SendReceipt> sent) { ... });
//   ...
//   for (const Event& event : client.poll()) handle(event);     // on the app's own thread
//
// Three verbs: operations complete exactly once (operation.hpp), events are pulled (events.hpp), views emit
// differences (views.hpp).
//
// Thread rules: every function may be called from any thread, `poll` from one thread at a time. No code of
// the app runs under a lock of the library. Handlers run inside `poll`, or on the executor given to
// `on_event`.
//
// Offline: everything marked *local* works without a connection. Everything marked *server* needs one and
// fails with `network_unreachable` or `timed_out` (category `retryable`) where there is none; it is not kept
// for later. Every *server* operation may also fail with `signed_out`, `rate_limited` (with `retry_after`) or
// `server_unavailable`. Every operation may fail with `cancelled`, after `close` with `invalid_state`, and
// when the disk fails with one of the `store_` errors.
//
// Own changes: an operation that changes something has completed when the *local* operations show it, however
// far behind the stream of events is. The event that tells of the change may come later.
//
// Limits: how long a text or name and how large a group may be is the server's to say. It says so with each
// connection, and the client remembers (docs/protocol.md, "Limits", has the usual values).
//
// Shutdown: `close` ends what is outstanding with `cancelled`; once it has completed, nothing of the app is
// called, and handlers not run yet wait for a `poll`. The destructor closes, waits, and drops such handlers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sotto/conversation.hpp"
#include "sotto/error.hpp"
#include "sotto/events.hpp"
#include "sotto/export.hpp"
#include "sotto/ids.hpp"
#include "sotto/message.hpp"
#include "sotto/metrics.hpp"
#include "sotto/operation.hpp"
#include "sotto/options.hpp"
#include "sotto/person.hpp"
#include "sotto/result.hpp"
#include "sotto/views.hpp"

namespace sotto {

struct LoginRequest {
  std::string phone_number;  ///< E.164: "+" and 7 to 15 digits
  std::string otp;
};

struct EventBatch {
  std::vector<Event> events;
  [[nodiscard]] auto begin() const { return events.begin(); }
  [[nodiscard]] auto end() const { return events.end(); }
  [[nodiscard]] bool empty() const { return events.empty(); }
  [[nodiscard]] std::size_t size() const { return events.size(); }
};

class SOTTO_API Client {
 public:
  /// Runs a function soon, on a thread of the app's choice: `[&](auto f) { asio::post(context, f); }`.
  using Executor = std::function<void(std::function<void()>)>;

  /// Opens the local database and starts the client's thread; does not connect. Blocks for the time that
  /// takes (well under 100 ms; a passphrase adds half a second). Fails with `invalid_argument` (the URL) or
  /// one of `store_*`: nothing is ever deleted by itself.
  static Result<std::unique_ptr<Client>> open(ClientOptions options);

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// Closes, and waits for it.
  ~Client();

  // ------------------------------------------------------------------ events

  /// What happened since the last call; runs the handlers of operations that have completed. Does not wait.
  EventBatch poll();
  /// Called from the library's thread when there is something to poll, once until the next `poll`. Must only
  /// hand a signal to the app's loop: no call of this class inside. Empty: none. When this returns, the
  /// previous hook will not be called again.
  void set_wake_up(std::function<void()> hook);
  /// Instead of polling: every event goes to `handler`, and handlers of operations run, on `executor`, in
  /// order and one at a time. An empty handler goes back to polling.
  void on_event(Executor executor, std::function<void(const Event&)> handler);

  // ------------------------------------------------------------------ account

  /// *local* Who is signed in; nothing where nobody is. Does not wait.
  [[nodiscard]] std::optional<Account> account() const;
  /// *server* Sends a code to the phone. Never tells whether an account exists. `invalid_argument`,
  /// `rate_limited`.
  Operation request_otp(std::string phone_number, Done<void> done);
  /// *server* Signs in; the first login of a number creates the account. `otp_invalid`, `otp_expired`,
  /// `otp_exhausted`; `invalid_state` where another account's messages are in this directory. Signing in
  /// again after `signed_out` keeps device and history.
  Operation login(LoginRequest request, Done<Account> done);
  /// *server* Revokes this device's tokens and disconnects. History stays. Offline, the tokens are forgotten
  /// here and it succeeds all the same.
  Operation logout(Done<void> done);
  /// *server* Your own profile. Falls back to the copy on this device when offline.
  Operation me(Done<Profile> done);
  /// *server*
  Operation update_profile(ProfileUpdate update, Done<Profile> done);
  /// *server* Deletes the account for good, and signs out.
  Operation delete_account(Done<void> done);
  /// *server* A person's profile. Falls back to the copy on this device when offline. `not_found`.
  Operation user(UserId user, Done<Profile> done);

  // ------------------------------------------------------------------ connection

  /// *local* Starts connecting and stays connected. Completes at once; progress arrives as
  /// ConnectionChanged. `invalid_state` where nobody is signed in.
  Operation connect(Done<void> done);
  /// *local* Closes the connection and stays offline; flushes read receipts first where it can.
  Operation disconnect(Done<void> done);
  /// *local* The current state. Does not wait.
  [[nodiscard]] ConnectionState connection() const;
  /// Completes once this device is connected and has stored everything the server had for it, and everything
  /// that was queued for sending has been acknowledged or has failed. `timed_out` when that takes longer.
  Operation wait_until_synced(Milliseconds timeout, Done<void> done);
  /// Tell the client that the network changed: it probes or reconnects at once.
  void network_changed();
  /// *local* Completes when no file lock is held and no write is in flight; the connection is closed. What
  /// iOS asks of an app that goes to the background. Until `resume`, other operations fail with
  /// `invalid_state`.
  Operation suspend(Done<void> done);
  /// *local* Opens the files again and reconnects if it was wanted. Fails with `store_*`.
  Operation resume(Done<void> done);
  /// Ends everything; see "Shutdown" above. Calls after it fail with `invalid_state`.
  Operation close(Done<void> done);

  // ------------------------------------------------------------------ messages

  /// *local* Stores the message and answers; the queue sends it as soon as it can, in the order of the calls,
  /// across restarts, until it expires. `invalid_argument` (empty, too long, not UTF-8), `not_found`
  /// (conversation), `not_a_member`. What becomes of it arrives as MessageChanged.
  Operation send(Target target, OutgoingMessage message, Done<SendReceipt> done);
  /// *local* Takes back what has not been given to the network yet; afterwards `invalid_state`.
  Operation cancel_message(LocalId message, Done<void> done);
  /// *local* Puts a failed or expired message, and what it blocks, back into the queue under the same
  /// idempotency key. `invalid_state` for any other.
  Operation retry_message(LocalId message, Done<void> done);
  /// *local* Removes a failed, expired or cancelled message from this device, which lets what it blocked go
  /// on. `invalid_state` for any other.
  Operation delete_message(LocalId message, Done<void> done);
  /// *local* `not_found`.
  Operation message(LocalId message, Done<Message> done);
  /// *local* The life of one message, oldest step first. `not_found`.
  Operation trace(LocalId message, Done<std::vector<Transition>> done);
  /// *local* Who has received and read one of the own messages. In a group every member of that time.
  Operation receipts(LocalId message, Done<std::vector<MemberReceipt>> done);
  /// *local* One page. `has_more` is also true where only the server has more: `fetch_history`.
  Operation messages(MessagesQuery query, Done<MessagePage> done);
  /// *server* Fetches older messages of a conversation than this device has, and stores them. True: there are
  /// still older ones. `limit` 1 to 100.
  Operation fetch_history(ConversationId conversation, std::size_t limit, Done<bool> done);
  /// *local* Everything up to this message has been shown. Never goes back. Told to the server in batches of
  /// a second. `not_found`.
  Operation mark_read(ConversationId conversation, MessageId up_to, Done<void> done);
  /// *local* `invalid_argument` (holds no word, longer than 1024 bytes, not UTF-8).
  Operation search(SearchQuery query, Done<SearchPage> done);

  // ------------------------------------------------------------------ conversations

  /// *local* All, the newest first.
  Operation conversations(Done<std::vector<Conversation>> done);
  /// *local* `not_found`.
  Operation conversation(ConversationId id, Done<Conversation> done);
  /// *local* The direct conversation with a person, made where there was none. The id may be provisional.
  Operation open_direct(UserId user, Done<ConversationId> done);
  /// *local* An empty draft where there is none.
  Operation draft(ConversationId conversation, Done<Draft> done);
  /// *local* An empty text removes it.
  Operation set_draft(ConversationId conversation, Draft draft, Done<void> done);
  /// Tells the others that this person types; nothing happens while offline. Call it as often as keys are
  /// pressed: at most one frame in 3 s is sent.
  void set_typing(ConversationId conversation);
  /// *local* The window of a conversation, kept current. `not_found`.
  Operation open_timeline(ConversationId conversation, TimelineOptions options,
                          Done<std::shared_ptr<Timeline>> done);
  /// *local*
  Operation open_conversation_list(Done<std::shared_ptr<ConversationList>> done);

  // ------------------------------------------------------------------ groups

  /// *server* The creator is its admin. `group_too_large`, `invalid_argument` (the name). A call that is
  /// repeated inside after a lost answer does not make a second group.
  Operation create_group(std::string name, std::vector<UserId> members, Done<Conversation> done);
  /// *server* Admins. `not_allowed`, `not_found`, as for all below.
  Operation rename_group(ConversationId group, std::string name, Done<void> done);
  /// *server* Admins.
  Operation add_members(ConversationId group, std::vector<UserId> users, Done<void> done);
  /// *server* Admins.
  Operation remove_member(ConversationId group, UserId user, Done<void> done);
  /// *server* Admins.
  Operation set_role(ConversationId group, UserId user, Role role, Done<void> done);
  /// *server* Where the last admin leaves, the longest-standing member becomes one.
  Operation leave_group(ConversationId group, Done<void> done);
  /// *server* Admins. History stays on the devices.
  Operation delete_group(ConversationId group, Done<void> done);
  /// *local* `not_found`.
  Operation members(ConversationId conversation, Done<std::vector<Member>> done);

  // ------------------------------------------------------------------ people and devices

  /// *server* Which of these numbers have an account; they become contacts. `invalid_argument` for none, for
  /// what is no number, and for more than the server takes at once.
  Operation discover(std::vector<std::string> phone_numbers, Done<std::vector<Contact>> done);
  /// *server* The person with this number, from this device where it is known; `not_found`.
  Operation find_user(std::string phone_number, Done<Contact> done);
  /// *server* All contacts. Falls back to the copy on this device when offline.
  Operation contacts(Done<std::vector<Contact>> done);
  /// *server*
  Operation remove_contact(UserId user, Done<void> done);
  /// *server* They can no longer write to this person.
  Operation block(UserId user, Done<void> done);
  /// *server*
  Operation unblock(UserId user, Done<void> done);
  /// *local* Whom this account has blocked, as far as this device knows.
  Operation blocked(Done<std::vector<UserId>> done);
  /// *local* Presence of these people arrives as PresenceChanged, now and after every reconnect. Replaces the
  /// previous set; `invalid_argument` for more people than the server lets one device follow.
  Operation subscribe_presence(std::vector<UserId> users, Done<void> done);
  /// *server* The account's devices.
  Operation devices(Done<std::vector<Device>> done);
  /// *server* Revokes a device: its tokens end and its connection closes.
  Operation revoke_device(DeviceId device, Done<void> done);

  // ------------------------------------------------------------------ figures

  /// *local* Does not wait.
  [[nodiscard]] Metrics metrics() const;
  /// *local* How far this device's clock is ahead of the server's, measured at the last connection; nothing
  /// before the first. Does not wait.
  [[nodiscard]] std::optional<Milliseconds> clock_skew() const;

  // ------------------------------------------------------------------ the same, as futures
  // Each returns what the call above with a handler would give. They need no poll().

  Pending<void> request_otp(std::string phone_number) {
    return make_pending<void>(
        [&](Done<void> d) { return request_otp(std::move(phone_number), std::move(d)); });
  }
  Pending<Account> login(LoginRequest request) {
    return make_pending<Account>([&](Done<Account> d) { return login(std::move(request), std::move(d)); });
  }
  Pending<void> logout() {
    return make_pending<void>([&](Done<void> d) { return logout(std::move(d)); });
  }
  Pending<Profile> me() {
    return make_pending<Profile>([&](Done<Profile> d) { return me(std::move(d)); });
  }
  Pending<Profile> update_profile(ProfileUpdate update) {
    return make_pending<Profile>(
        [&](Done<Profile> d) { return update_profile(std::move(update), std::move(d)); });
  }
  Pending<void> delete_account() {
    return make_pending<void>([&](Done<void> d) { return delete_account(std::move(d)); });
  }
  Pending<Profile> user(UserId id) {
    return make_pending<Profile>([&](Done<Profile> d) { return user(id, std::move(d)); });
  }
  Pending<void> connect() {
    return make_pending<void>([&](Done<void> d) { return connect(std::move(d)); });
  }
  Pending<void> disconnect() {
    return make_pending<void>([&](Done<void> d) { return disconnect(std::move(d)); });
  }
  Pending<void> wait_until_synced(Milliseconds timeout) {
    return make_pending<void>([&](Done<void> d) { return wait_until_synced(timeout, std::move(d)); });
  }
  Pending<void> suspend() {
    return make_pending<void>([&](Done<void> d) { return suspend(std::move(d)); });
  }
  Pending<void> resume() {
    return make_pending<void>([&](Done<void> d) { return resume(std::move(d)); });
  }
  Pending<void> close() {
    return make_pending<void>([&](Done<void> d) { return close(std::move(d)); });
  }
  Pending<SendReceipt> send(Target target, OutgoingMessage text) {
    return make_pending<SendReceipt>(
        [&](Done<SendReceipt> d) { return send(std::move(target), std::move(text), std::move(d)); });
  }
  Pending<void> cancel_message(LocalId id) {
    return make_pending<void>([&](Done<void> d) { return cancel_message(id, std::move(d)); });
  }
  Pending<void> retry_message(LocalId id) {
    return make_pending<void>([&](Done<void> d) { return retry_message(id, std::move(d)); });
  }
  Pending<void> delete_message(LocalId id) {
    return make_pending<void>([&](Done<void> d) { return delete_message(id, std::move(d)); });
  }
  Pending<Message> message(LocalId id) {
    return make_pending<Message>([&](Done<Message> d) { return message(id, std::move(d)); });
  }
  Pending<std::vector<Transition>> trace(LocalId id) {
    return make_pending<std::vector<Transition>>(
        [&](Done<std::vector<Transition>> d) { return trace(id, std::move(d)); });
  }
  Pending<std::vector<MemberReceipt>> receipts(LocalId id) {
    return make_pending<std::vector<MemberReceipt>>(
        [&](Done<std::vector<MemberReceipt>> d) { return receipts(id, std::move(d)); });
  }
  Pending<MessagePage> messages(MessagesQuery query) {
    return make_pending<MessagePage>([&](Done<MessagePage> d) { return messages(query, std::move(d)); });
  }
  Pending<bool> fetch_history(ConversationId id, std::size_t limit) {
    return make_pending<bool>([&](Done<bool> d) { return fetch_history(id, limit, std::move(d)); });
  }
  Pending<void> mark_read(ConversationId id, MessageId up_to) {
    return make_pending<void>([&](Done<void> d) { return mark_read(id, up_to, std::move(d)); });
  }
  Pending<SearchPage> search(SearchQuery query) {
    return make_pending<SearchPage>(
        [&](Done<SearchPage> d) { return search(std::move(query), std::move(d)); });
  }
  Pending<std::vector<Conversation>> conversations() {
    return make_pending<std::vector<Conversation>>(
        [&](Done<std::vector<Conversation>> d) { return conversations(std::move(d)); });
  }
  Pending<Conversation> conversation(ConversationId id) {
    return make_pending<Conversation>([&](Done<Conversation> d) { return conversation(id, std::move(d)); });
  }
  Pending<ConversationId> open_direct(UserId id) {
    return make_pending<ConversationId>(
        [&](Done<ConversationId> d) { return open_direct(id, std::move(d)); });
  }
  Pending<Draft> draft(ConversationId id) {
    return make_pending<Draft>([&](Done<Draft> d) { return draft(id, std::move(d)); });
  }
  Pending<void> set_draft(ConversationId id, Draft text) {
    return make_pending<void>([&](Done<void> d) { return set_draft(id, std::move(text), std::move(d)); });
  }
  Pending<std::shared_ptr<Timeline>> open_timeline(ConversationId id, TimelineOptions options = {}) {
    return make_pending<std::shared_ptr<Timeline>>(
        [&](Done<std::shared_ptr<Timeline>> d) { return open_timeline(id, options, std::move(d)); });
  }
  Pending<std::shared_ptr<ConversationList>> open_conversation_list() {
    return make_pending<std::shared_ptr<ConversationList>>(
        [&](Done<std::shared_ptr<ConversationList>> d) { return open_conversation_list(std::move(d)); });
  }
  Pending<Conversation> create_group(std::string name, std::vector<UserId> with) {
    return make_pending<Conversation>(
        [&](Done<Conversation> d) { return create_group(std::move(name), std::move(with), std::move(d)); });
  }
  Pending<void> rename_group(ConversationId group, std::string name) {
    return make_pending<void>(
        [&](Done<void> d) { return rename_group(group, std::move(name), std::move(d)); });
  }
  Pending<void> add_members(ConversationId group, std::vector<UserId> users) {
    return make_pending<void>(
        [&](Done<void> d) { return add_members(group, std::move(users), std::move(d)); });
  }
  Pending<void> remove_member(ConversationId group, UserId id) {
    return make_pending<void>([&](Done<void> d) { return remove_member(group, id, std::move(d)); });
  }
  Pending<void> set_role(ConversationId group, UserId id, Role role) {
    return make_pending<void>([&](Done<void> d) { return set_role(group, id, role, std::move(d)); });
  }
  Pending<void> leave_group(ConversationId group) {
    return make_pending<void>([&](Done<void> d) { return leave_group(group, std::move(d)); });
  }
  Pending<void> delete_group(ConversationId group) {
    return make_pending<void>([&](Done<void> d) { return delete_group(group, std::move(d)); });
  }
  Pending<std::vector<Member>> members(ConversationId id) {
    return make_pending<std::vector<Member>>(
        [&](Done<std::vector<Member>> d) { return members(id, std::move(d)); });
  }
  Pending<std::vector<Contact>> discover(std::vector<std::string> phone_numbers) {
    return make_pending<std::vector<Contact>>(
        [&](Done<std::vector<Contact>> d) { return discover(std::move(phone_numbers), std::move(d)); });
  }
  Pending<Contact> find_user(std::string phone_number) {
    return make_pending<Contact>(
        [&](Done<Contact> d) { return find_user(std::move(phone_number), std::move(d)); });
  }
  Pending<std::vector<Contact>> contacts() {
    return make_pending<std::vector<Contact>>(
        [&](Done<std::vector<Contact>> d) { return contacts(std::move(d)); });
  }
  Pending<void> remove_contact(UserId id) {
    return make_pending<void>([&](Done<void> d) { return remove_contact(id, std::move(d)); });
  }
  Pending<void> block(UserId id) {
    return make_pending<void>([&](Done<void> d) { return block(id, std::move(d)); });
  }
  Pending<void> unblock(UserId id) {
    return make_pending<void>([&](Done<void> d) { return unblock(id, std::move(d)); });
  }
  Pending<std::vector<UserId>> blocked() {
    return make_pending<std::vector<UserId>>(
        [&](Done<std::vector<UserId>> d) { return blocked(std::move(d)); });
  }
  Pending<void> subscribe_presence(std::vector<UserId> users) {
    return make_pending<void>(
        [&](Done<void> d) { return subscribe_presence(std::move(users), std::move(d)); });
  }
  Pending<std::vector<Device>> devices() {
    return make_pending<std::vector<Device>>(
        [&](Done<std::vector<Device>> d) { return devices(std::move(d)); });
  }
  Pending<void> revoke_device(DeviceId id) {
    return make_pending<void>([&](Done<void> d) { return revoke_device(id, std::move(d)); });
  }

 private:
  friend struct ClientAccess;  // the library's own tests and test kit
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto
