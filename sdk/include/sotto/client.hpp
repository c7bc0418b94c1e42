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
// Three parts: operations complete exactly once (operation.hpp), events are pulled (events.hpp), views emit
// differences (views.hpp).
//
// Thread rules: any thread may call any function; only one thread at a time may call `poll`. Handlers run
// inside `poll`, or on the executor given to `on_event`, and never under a lock of the library.
//
// Offline: operations marked *local* work without a connection. Operations marked *server* need one. Without
// it they fail with `network_unreachable` or `timed_out` (category `retryable`); they are not queued.
//
// Errors: each operation lists its own. Any *server* operation may also fail with `signed_out`,
// `rate_limited` (with `retry_after`) or `server_unavailable`. Any operation may fail with `cancelled`, with
// `invalid_state` after `close`, and with a `store_` error when the disk fails.
//
// Own changes: when an operation that changes something completes, *local* operations already show the
// change. The event about it may come later.
//
// Limits: the server decides how long a text or a name and how large a group may be. It sends its limits with
// each connection, and the client remembers them (docs/protocol.md, "Limits", has the defaults).
//
// Shutdown: `close` completes outstanding operations with `cancelled`. After it has completed, the library
// calls nothing in the app; handlers that have not run yet wait for a `poll`. The destructor closes, waits,
// and drops those handlers.
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
  std::string otp;           ///< the code from the text message
};

/// The events of one `Client::poll`, oldest first.
struct EventBatch {
  std::vector<Event> events;
  [[nodiscard]] auto begin() const { return events.begin(); }
  [[nodiscard]] auto end() const { return events.end(); }
  [[nodiscard]] bool empty() const { return events.empty(); }
  [[nodiscard]] std::size_t size() const { return events.size(); }
};

class SOTTO_API Client {
 public:
  /// Runs a function soon, on a thread that the app chooses: `[&](auto f) { asio::post(context, f); }`.
  using Executor = std::function<void(std::function<void()>)>;

  /// Opens the local database and starts the client's thread. Does not connect. Blocks until the database is
  /// open: well under 100 ms, half a second more with a passphrase. Fails with `invalid_argument` (the URL)
  /// or a `store_` error. A failure deletes nothing.
  static Result<std::unique_ptr<Client>> open(ClientOptions options);

  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  /// Closes and waits until that is done.
  ~Client();

  // ------------------------------------------------------------------ events

  /// Runs the handlers of completed operations and returns the events since the last call. Does not wait.
  EventBatch poll();
  /// Sets the hook that the library's thread calls when there is something to poll. It is called once, and
  /// not again until the next `poll`. The hook must only signal the app's loop; it must not call the client.
  /// An empty hook removes it. Once this returns, the previous hook is not called again.
  void set_wake_up(std::function<void()> hook);
  /// Replaces polling: `executor` runs `handler` for every event, and the handlers of operations, in order
  /// and one at a time. An empty `handler` goes back to polling.
  void on_event(Executor executor, std::function<void(const Event&)> handler);

  // ------------------------------------------------------------------ account

  /// *local* The account that is signed in; nothing if there is none. Does not wait.
  [[nodiscard]] std::optional<Account> account() const;
  /// *server* Sends a code to the phone. The answer never shows whether an account exists.
  /// `invalid_argument`, `rate_limited`.
  Operation request_otp(std::string phone_number, Done<void> done);
  /// *server* Signs in. The first login with a number creates the account. After `signed_out`, signing in
  /// again keeps the device and its history. `otp_invalid`, `otp_expired`, `otp_exhausted`; `invalid_state`
  /// if this directory holds another account's messages.
  Operation login(LoginRequest request, Done<Account> done);
  /// *server* Revokes this device's tokens and disconnects. History stays. Offline, it forgets the tokens on
  /// this device and succeeds.
  Operation logout(Done<void> done);
  /// *server* Your own profile. Falls back to the copy on this device when offline.
  Operation me(Done<Profile> done);
  /// *server* Changes the fields that are given and returns the whole profile. `invalid_argument`.
  Operation update_profile(ProfileUpdate update, Done<Profile> done);
  /// *server* Deletes the account for good and signs out.
  Operation delete_account(Done<void> done);
  /// *server* Another person's profile. Falls back to the copy on this device when offline. `not_found`.
  Operation user(UserId user, Done<Profile> done);

  // ------------------------------------------------------------------ connection

  /// *local* Starts connecting and stays connected. Completes at once; progress arrives as
  /// ConnectionChanged. `invalid_state` if nobody is signed in.
  Operation connect(Done<void> done);
  /// *local* Closes the connection and stays offline. If connected, sends outstanding read receipts first.
  Operation disconnect(Done<void> done);
  /// *local* The current state. Does not wait.
  [[nodiscard]] ConnectionState connection() const;
  /// Completes once this device is connected, has stored everything the server had for it, and every queued
  /// message is acknowledged or has failed. `timed_out` after `timeout`.
  Operation wait_until_synced(Milliseconds timeout, Done<void> done);
  /// Tells the client that the network changed. It probes the connection or reconnects at once.
  void network_changed();
  /// *local* Closes the connection and the files. Completes when no file lock is held and no write is in
  /// progress, as iOS requires of an app that goes to the background. Until `resume`, other operations fail
  /// with `invalid_state`.
  Operation suspend(Done<void> done);
  /// *local* Opens the files again, and reconnects if the client was connected or connecting. Fails with a
  /// `store_` error.
  Operation resume(Done<void> done);
  /// Ends everything; see "Shutdown" above. Later calls fail with `invalid_state`.
  Operation close(Done<void> done);

  // ------------------------------------------------------------------ messages

  /// *local* Stores the message and completes. The queue then sends it as soon as it can, in the order of the
  /// calls and across restarts, until it expires. Its state changes arrive as MessageChanged.
  /// `invalid_argument` (empty, too long, not UTF-8), `not_found` (conversation), `not_a_member`.
  Operation send(Target target, OutgoingMessage message, Done<SendReceipt> done);
  /// *local* Takes back a message that has not been given to the network yet. `invalid_state` otherwise.
  Operation cancel_message(LocalId message, Done<void> done);
  /// *local* Puts a failed or expired message, and the messages it blocks, back into the queue with the same
  /// idempotency key. `invalid_state` for any other message.
  Operation retry_message(LocalId message, Done<void> done);
  /// *local* Removes a failed, expired or cancelled message from this device. The messages it blocked go on.
  /// `invalid_state` for any other message.
  Operation delete_message(LocalId message, Done<void> done);
  /// *local* One message as it is now. `not_found`.
  Operation message(LocalId message, Done<Message> done);
  /// *local* The states that one message has passed through, oldest first. `not_found`.
  Operation trace(LocalId message, Done<std::vector<Transition>> done);
  /// *local* Who has received and read one of your messages. In a group: everyone who was a member when it
  /// was sent.
  Operation receipts(LocalId message, Done<std::vector<MemberReceipt>> done);
  /// *local* One page of messages. `has_more` is also true if only the server has more; `fetch_history` gets
  /// those.
  Operation messages(MessagesQuery query, Done<MessagePage> done);
  /// *server* Fetches and stores messages that are older than those on this device. `limit` is 1 to 100.
  /// Completes with true if there are still older ones.
  Operation fetch_history(ConversationId conversation, std::size_t limit, Done<bool> done);
  /// *local* Marks everything up to this message as shown. The read position never goes back. The server is
  /// told once a second at most. `not_found`.
  Operation mark_read(ConversationId conversation, MessageId up_to, Done<void> done);
  /// *local* One page of hits. `invalid_argument` if the text has no word, is longer than 1024 bytes or is
  /// not UTF-8.
  Operation search(SearchQuery query, Done<SearchPage> done);

  // ------------------------------------------------------------------ conversations

  /// *local* All conversations, newest first.
  Operation conversations(Done<std::vector<Conversation>> done);
  /// *local* One conversation as it is now. `not_found`.
  Operation conversation(ConversationId id, Done<Conversation> done);
  /// *local* The direct conversation with a person; created if there is none. The id may be provisional.
  Operation open_direct(UserId user, Done<ConversationId> done);
  /// *local* The draft of a conversation; empty if there is none.
  Operation draft(ConversationId conversation, Done<Draft> done);
  /// *local* Stores a draft. An empty text removes it.
  Operation set_draft(ConversationId conversation, Draft draft, Done<void> done);
  /// Tells the other members that this person is typing. Does nothing while offline. Call it on every key
  /// press: at most one frame is sent every 3 s.
  void set_typing(ConversationId conversation);
  /// *local* Opens a window on one conversation that stays current. `not_found`.
  Operation open_timeline(ConversationId conversation, TimelineOptions options,
                          Done<std::shared_ptr<Timeline>> done);
  /// *local* Opens a list of all conversations that stays current.
  Operation open_conversation_list(Done<std::shared_ptr<ConversationList>> done);

  // ------------------------------------------------------------------ groups

  // Operations marked "admins" fail with `not_allowed` for others. All but `create_group` fail with
  // `not_found` for a group that this account does not see.

  /// *server* Creates a group; the creator is its admin. The client repeats the call after a lost answer, and
  /// that does not create a second group. `group_too_large`, `invalid_argument` (the name).
  Operation create_group(std::string name, std::vector<UserId> members, Done<Conversation> done);
  /// *server*, admins. Changes the name. `invalid_argument`.
  Operation rename_group(ConversationId group, std::string name, Done<void> done);
  /// *server*, admins. Adds people. `group_too_large`.
  Operation add_members(ConversationId group, std::vector<UserId> users, Done<void> done);
  /// *server*, admins. Removes a member.
  Operation remove_member(ConversationId group, UserId user, Done<void> done);
  /// *server*, admins. Makes a member an admin, or an admin a member.
  Operation set_role(ConversationId group, UserId user, Role role, Done<void> done);
  /// *server* Leaves the group. If the last admin leaves, the member who has been there longest becomes
  /// admin.
  Operation leave_group(ConversationId group, Done<void> done);
  /// *server*, admins. Deletes the group. History stays on the devices.
  Operation delete_group(ConversationId group, Done<void> done);
  /// *local* The members as this device knows them. `not_found`.
  Operation members(ConversationId conversation, Done<std::vector<Member>> done);

  // ------------------------------------------------------------------ people and devices

  /// *server* Finds which of these numbers have an account; those people become contacts. `invalid_argument`
  /// for an empty list, an invalid number, or more numbers than the server accepts at once.
  Operation discover(std::vector<std::string> phone_numbers, Done<std::vector<Contact>> done);
  /// *server* The person with this number. Answered from this device if it knows the number. `not_found`.
  Operation find_user(std::string phone_number, Done<Contact> done);
  /// *server* All contacts. Falls back to the copy on this device when offline.
  Operation contacts(Done<std::vector<Contact>> done);
  /// *server* Removes a person from the contacts. Conversations stay.
  Operation remove_contact(UserId user, Done<void> done);
  /// *server* Blocks a person: they can no longer write to this account.
  Operation block(UserId user, Done<void> done);
  /// *server* Takes the block back.
  Operation unblock(UserId user, Done<void> done);
  /// *local* The people this account has blocked, as far as this device knows.
  Operation blocked(Done<std::vector<UserId>> done);
  /// *local* Follows the presence of these people, instead of those of the previous call. It arrives as
  /// PresenceChanged, now and after every reconnect. `invalid_argument` for more people than the server lets
  /// one device follow.
  Operation subscribe_presence(std::vector<UserId> users, Done<void> done);
  /// *server* The account's devices.
  Operation devices(Done<std::vector<Device>> done);
  /// *server* Revokes a device: its tokens become invalid and its connection is closed. `not_found`.
  Operation revoke_device(DeviceId device, Done<void> done);

  // ------------------------------------------------------------------ metrics

  /// *local* Counts and times since the client was opened. Does not wait.
  [[nodiscard]] Metrics metrics() const;
  /// *local* How far this device's clock is ahead of the server's, measured at the last connection. Nothing
  /// before the first connection. Does not wait.
  [[nodiscard]] std::optional<Milliseconds> clock_skew() const;

  // ------------------------------------------------------------------ the same, as futures
  // Each future gets the result that the handler above would get, without a call of poll().

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
