// The operations of engine.hpp: each is one input that hands the call to its part.
#include "base/utf8.hpp"
#include "sdk/engine/bounds.hpp"
#include "sdk/engine/engine_impl.hpp"
#include "sdk/store/schema.hpp"

namespace sotto::engine {
namespace {

Error out_of_range(const char* what) {
  return {ErrorCode::invalid_argument, std::string(what) + " is out of range"};
}

Result<void> check_draft(const Draft& draft) {
  if (draft.text.size() > kMaxDraftBytes || !is_valid_utf8(draft.text))
    return Error(ErrorCode::invalid_argument, "a draft is UTF-8 and has at most 64 KiB");
  if (draft.reply_to && !store::is_valid_id(draft.reply_to->value)) return out_of_range("reply_to");
  return {};
}

}  // namespace

void Engine::cancel(OperationNumber operation, Now now) {
  if (!impl_->is_running()) return;
  impl_->run(now, [&] {
    if (impl_->operations.end(operation, Error(ErrorCode::cancelled, "cancelled by the app")))
      impl_->requests.cancel(operation);
  });
}

// ---------------------------------------------------------------- account

OperationNumber Engine::request_otp(std::string phone_number, Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->refusal(),
                          [&] { return impl_->account_calls.request_otp(phone_number, reply); });
}

OperationNumber Engine::login(LoginRequest request, Now now, Reply<Account> reply) {
  return impl_->operation(now, reply, impl_->refusal(),
                          [&] { return impl_->account_calls.login(request, reply); });
}

OperationNumber Engine::logout(Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(), [&] {
    return impl_->account_calls.logout(
        reply, [this] { impl_->session.signed_out(Error(ErrorCode::signed_out, "signed out")); });
  });
}

OperationNumber Engine::delete_account(Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(), [&] {
    return impl_->account_calls.delete_account(reply, [this] {
      impl_->session.signed_out(Error(ErrorCode::signed_out, "the account was deleted"));
    });
  });
}

OperationNumber Engine::me(Now now, Reply<Profile> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->account_calls.me(reply); });
}

OperationNumber Engine::update_profile(ProfileUpdate update, Now now, Reply<Profile> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->account_calls.update_profile(update, reply); });
}

OperationNumber Engine::user(UserId user, Now now, Reply<Profile> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->account_calls.user(user, reply); });
}

OperationNumber Engine::devices(Now now, Reply<std::vector<Device>> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->account_calls.devices(reply); });
}

OperationNumber Engine::revoke_device(DeviceId device, Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->account_calls.revoke_device(device, reply); });
}

// ---------------------------------------------------------------- connection

void Engine::connect(Now now, Reply<void> reply) {
  auto refused = impl_->account_refusal();
  if (!refused && !impl_->core.account->signed_in())
    refused = Error(ErrorCode::invalid_state, "nobody is signed in");
  impl_->call(now, reply, std::move(refused), [&] {
    impl_->session.want(true);
    impl_->core.stage_reply<void>(reply, {});
  });
}

void Engine::disconnect(Now now, Reply<void> reply) {
  impl_->call(now, reply, impl_->refusal(), [&] {
    impl_->receipts.flush();
    impl_->session.want(false);
    impl_->core.stage_reply<void>(reply, {});
  });
}

OperationNumber Engine::wait_until_synced(Milliseconds timeout, Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->wait_until_synced(timeout, reply); });
}

void Engine::suspend(Now now, Reply<void> reply) {
  impl_->call(now, reply, impl_->refusal(), [&] { impl_->suspend(reply); });
}

void Engine::resume(Now now, Reply<void> reply) {
  impl_->run(now, [&] { impl_->resume(reply); });
}

void Engine::close(Now now, Reply<void> reply) {
  impl_->run(now, [&] { impl_->close(reply); });
}

// ---------------------------------------------------------------- messages

void Engine::send(Target target, OutgoingMessage message, Now now, Reply<SendReceipt> reply) {
  impl_->call(now, reply, impl_->account_refusal(), [&] {
    // First, so that a message that is refused does not leave a new conversation behind.
    if (auto good = impl_->outbox.check(message); !good)
      return impl_->core.stage_reply<SendReceipt>(reply, good.error());
    auto conversation = impl_->directory.for_target(target);
    impl_->core.stage_reply<SendReceipt>(reply, conversation ? impl_->outbox.send(*conversation, message)
                                                             : Result<SendReceipt>(conversation.error()));
  });
}

void Engine::cancel_message(LocalId message, Now now, Reply<void> reply) {
  impl_->call(now, reply, impl_->account_refusal(),
              [&] { impl_->core.stage_reply<void>(reply, impl_->outbox.cancel(message)); });
}

void Engine::retry_message(LocalId message, Now now, Reply<void> reply) {
  impl_->call(now, reply, impl_->account_refusal(),
              [&] { impl_->core.stage_reply<void>(reply, impl_->outbox.retry(message)); });
}

void Engine::delete_message(LocalId message, Now now, Reply<void> reply) {
  impl_->call(now, reply, impl_->account_refusal(),
              [&] { impl_->core.stage_reply<void>(reply, impl_->outbox.remove(message)); });
}

void Engine::mark_read(ConversationId conversation, MessageId up_to, Now now, Reply<void> reply) {
  impl_->call(now, reply, impl_->account_refusal(), [&] {
    if (!store::is_valid_id(up_to.value))
      return impl_->core.stage_reply<void>(reply, out_of_range("the message id"));
    auto found = impl_->directory.find(conversation);
    if (found) impl_->receipts.mark_read(*found, up_to);
    impl_->core.stage_reply<void>(reply, found ? Result<void>() : Result<void>(found.error()));
  });
}

OperationNumber Engine::fetch_history(ConversationId conversation, std::size_t limit, Now now,
                                      Reply<bool> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(), [&]() -> OperationNumber {
    auto found = impl_->directory.find(conversation);
    if (found) return impl_->history.fetch(*found, limit, reply);
    impl_->core.stage_reply<bool>(reply, found.error());
    return {};
  });
}

void Engine::open_direct(UserId user, Now now, Reply<ConversationId> reply) {
  impl_->call(now, reply, impl_->account_refusal(), [&] {
    auto found = impl_->directory.for_target(user);
    impl_->core.stage_reply<ConversationId>(
        reply, found ? Result<ConversationId>(found->public_id()) : Result<ConversationId>(found.error()));
  });
}

void Engine::set_draft(ConversationId conversation, Draft draft, Now now, Reply<void> reply) {
  impl_->call(now, reply, impl_->account_refusal(), [&] {
    auto found = impl_->directory.find(conversation);
    if (!found) return impl_->core.stage_reply<void>(reply, found.error());
    auto good = check_draft(draft);
    if (good) {
      impl_->core.write().drafts.set(found->row, draft);
      impl_->core.touch(found->row);
    }
    impl_->core.stage_reply<void>(reply, std::move(good));
  });
}

void Engine::set_typing(ConversationId conversation, Now now) {
  if (impl_->account_refusal()) return;
  impl_->run(now, [&] {
    if (auto found = impl_->directory.find(conversation)) impl_->presence.set_typing(*found);
  });
}

// ---------------------------------------------------------------- groups

OperationNumber Engine::create_group(std::string name, std::vector<UserId> members, Now now,
                                     Reply<Conversation> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->group_calls.create(name, members, reply); });
}

OperationNumber Engine::rename_group(ConversationId group, std::string name, Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->group_calls.rename(group, name, reply); });
}

OperationNumber Engine::add_members(ConversationId group, std::vector<UserId> users, Now now,
                                    Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->group_calls.add(group, users, reply); });
}

OperationNumber Engine::remove_member(ConversationId group, UserId user, Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->group_calls.remove(group, user, reply); });
}

OperationNumber Engine::set_role(ConversationId group, UserId user, Role role, Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->group_calls.set_role(group, user, role, reply); });
}

OperationNumber Engine::leave_group(ConversationId group, Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->group_calls.remove(group, impl_->core.me(), reply); });
}

OperationNumber Engine::delete_group(ConversationId group, Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->group_calls.destroy(group, reply); });
}

// ---------------------------------------------------------------- people

OperationNumber Engine::discover(std::vector<std::string> phone_numbers, Now now,
                                 Reply<std::vector<Contact>> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->people_calls.discover(phone_numbers, reply); });
}

OperationNumber Engine::find_user(std::string phone_number, Now now, Reply<Contact> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->people_calls.find_user(phone_number, reply); });
}

OperationNumber Engine::contacts(Now now, Reply<std::vector<Contact>> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->people_calls.contacts(reply); });
}

OperationNumber Engine::remove_contact(UserId user, Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->people_calls.remove_contact(user, reply); });
}

OperationNumber Engine::block(UserId user, Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->people_calls.set_blocked(user, true, reply); });
}

OperationNumber Engine::unblock(UserId user, Now now, Reply<void> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->people_calls.set_blocked(user, false, reply); });
}

void Engine::subscribe_presence(std::vector<UserId> users, Now now, Reply<void> reply) {
  impl_->call(now, reply, impl_->account_refusal(),
              [&] { impl_->core.stage_reply<void>(reply, impl_->presence.subscribe(std::move(users))); });
}

// ---------------------------------------------------------------- reading what is stored

Result<Message> Engine::message(LocalId message) {
  if (auto refused = impl_->refusal()) return std::move(*refused);
  return impl_->reading.message(message);
}

Result<std::vector<Transition>> Engine::trace(LocalId message) {
  if (auto refused = impl_->refusal()) return std::move(*refused);
  return impl_->reading.trace(message);
}

Result<std::vector<MemberReceipt>> Engine::receipts(LocalId message) {
  if (auto refused = impl_->refusal()) return std::move(*refused);
  return impl_->reading.receipts(message);
}

Result<MessagePage> Engine::messages(const MessagesQuery& query) {
  if (auto refused = impl_->refusal()) return std::move(*refused);
  return impl_->reading.messages(query);
}

Result<SearchPage> Engine::search(const SearchQuery& query) {
  if (auto refused = impl_->refusal()) return std::move(*refused);
  return impl_->reading.search(query);
}

Result<std::vector<Conversation>> Engine::conversations() {
  if (auto refused = impl_->refusal()) return std::move(*refused);
  return impl_->reading.conversations();
}

Result<Conversation> Engine::conversation(ConversationId id) {
  if (auto refused = impl_->refusal()) return std::move(*refused);
  return impl_->reading.conversation(id);
}

Result<std::vector<Member>> Engine::members(ConversationId conversation) {
  if (auto refused = impl_->refusal()) return std::move(*refused);
  return impl_->reading.members(conversation);
}

Result<Draft> Engine::draft(ConversationId conversation) {
  if (auto refused = impl_->refusal()) return std::move(*refused);
  return impl_->reading.draft(conversation);
}

Result<std::vector<UserId>> Engine::blocked() {
  if (auto refused = impl_->refusal()) return std::move(*refused);
  return impl_->reading.blocked();
}

// ---------------------------------------------------------------- views

Result<ViewNumber> Engine::open_timeline(ConversationId conversation, TimelineOptions options, Now now) {
  if (auto refused = impl_->account_refusal()) return std::move(*refused);
  Result<ViewNumber> number = ViewNumber::none;
  impl_->run(now, [&] { number = impl_->views.open_timeline(conversation, options); });
  return number;
}

Result<ViewNumber> Engine::open_conversation_list(Now now) {
  if (auto refused = impl_->account_refusal()) return std::move(*refused);
  Result<ViewNumber> number = ViewNumber::none;
  impl_->run(now, [&] { number = impl_->views.open_conversation_list(); });
  return number;
}

OperationNumber Engine::load_older(ViewNumber timeline, std::size_t count, Now now, Reply<bool> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->views.load_older(timeline, count, reply); });
}

OperationNumber Engine::load_newer(ViewNumber timeline, std::size_t count, Now now, Reply<bool> reply) {
  return impl_->operation(now, reply, impl_->account_refusal(),
                          [&] { return impl_->views.load_newer(timeline, count, reply); });
}

void Engine::close_view(ViewNumber view, Now now) {
  if (impl_->refusal()) return;
  impl_->run(now, [&] { impl_->views.close(view); });
}

}  // namespace sotto::engine
