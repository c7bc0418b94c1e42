#include "server/services/messages/message_service.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/mutant.hpp"
#include "base/text_rules.hpp"
#include "base/utf8.hpp"
#include "base/uuid.hpp"
#include "server/ports/store.hpp"

namespace sotto::server {

namespace {
Ack ack_of(const StoredMessage& message, bool repeated) {
  return {message.key, message.id, message.conversation, repeated};
}

/// May the sender refer to this message? What retention has deleted could once be seen, so it may.
bool may_reply_to(const Store& store, const ConversationState& state, const Member& sender,
                  MessageId message) {
  if (message.value <= store.gone_up_to().value) return true;
  if (!store.messages().sender_of(state.id, message)) return false;
  if (message.value > sender.joined_id.value) return true;
  for (const Period& period : store.conversations().periods(state.id, sender.user)) {
    if (period.covers(message.value)) return true;
  }
  return false;
}
}  // namespace

ServiceResult<void> MessageService::check_values(const NewMessage& message) const {
  if (static_cast<bool>(message.receiver) == static_cast<bool>(message.conversation)) {
    return refuse(ServiceCode::bad_request,
                  "receiver_id, conversation_id: exactly one of the two must be given");
  }
  const bool text = message.body.kind == BodyKind::content;
  if (message.body.bytes.empty() && !(text && message.media_url)) {
    return refuse(ServiceCode::bad_request,
                  text ? "content: must not be empty" : "ciphertext: must not be empty");
  }
  if (message.body.bytes.size() > limits_.frame_bytes) {
    return refuse(ServiceCode::too_large, "message: " + std::to_string(message.body.bytes.size()) +
                                              " bytes, at most " + std::to_string(limits_.frame_bytes) +
                                              " are allowed");
  }
  if (text && limits_.require_encryption) {
    return refuse(ServiceCode::encryption_required, "content: this server takes encrypted messages only");
  }
  if (text && !is_valid_utf8(message.body.bytes)) {
    return refuse(ServiceCode::bad_request, "content: not valid UTF-8");
  }
  if (message.media_url && !is_media_url(*message.media_url, kMaxMediaUrl)) {
    return refuse(ServiceCode::bad_request, "media_url: must be a URL of at most " +
                                                std::to_string(kMaxMediaUrl) + " ASCII characters");
  }
  return {};
}

ServiceResult<ConversationPtr> MessageService::resolve(Store& store, WriteContext& context,
                                                       const Caller& caller, const NewMessage& message) {
  ServiceResult<ConversationPtr> found =
      message.receiver ? conversations_.open_direct(store, context, caller, message.receiver)
                       : conversations_.find(store, caller, message.conversation);
  if (!found) return found;
  const ConversationState& state = **found;
  if (state.kind == ConversationKind::group) return found;
  if (state.blocked && !mutant(Mutant::block_not_looked_at))
    return refuse(ServiceCode::blocked, "one of you has blocked the other");
  // Alone in a direct conversation: a note to oneself, or the other one has deleted the account.
  if (state.members.size() == 1 && store.conversations().find_direct(caller.user, caller.user) != state.id) {
    return refuse(ServiceCode::not_found, "the other person's account is deleted");
  }
  return found;
}

ServiceResult<Ack> MessageService::accept(Store& store, WriteContext& context, const Caller& caller,
                                          const NewMessage& message) {
  if (auto ok = check_values(message); !ok) return ok.error();
  // It may have waited here while somebody signed the device out.
  if (!store.accounts().find_device(caller.device)) {
    return refuse(ServiceCode::unauthorized, "this device has been signed out");
  }

  // A retry is answered before anything is asked that may have changed since: it was accepted then.
  const MessagePtr first = store.messages().find_by_key(caller.user, message.key);
  if (first && !mutant(Mutant::dedupe_skipped)) {
    const auto direct = message.receiver ? store.conversations().find_direct(caller.user, message.receiver)
                                         : std::optional(message.conversation);
    // What a damaged one said is not known any more; the key alone says that this is it.
    const bool same_text =
        first->damaged || (message.body == first->body && message.media_url == first->media_url);
    if (direct != first->conversation || !same_text || message.epoch != first->epoch ||
        message.reply_to != first->reply_to) {
      return refuse(ServiceCode::idempotency_mismatch,
                    "idempotency_key: " + to_string(message.key) + " was used for another message");
    }
    return ack_of(*first, true);
  }

  const ServiceResult<ConversationPtr> found = resolve(store, context, caller, message);
  if (!found) return found.error();
  ConversationPtr state = *found;
  const Member* sender = state->find(caller.user);
  if (sender == nullptr) return storage_failed();  // open_direct includes the caller
  if (message.reply_to && !may_reply_to(store, *state, *sender, *message.reply_to)) {
    return refuse(ServiceCode::bad_request, "reply_to_message_id: no message " +
                                                to_string(*message.reply_to) + " in this conversation");
  }

  auto stored = std::make_shared<StoredMessage>();
  stored->id = context.next_id<MessageId>();
  stored->conversation = state->id;
  stored->sender = caller.user;
  stored->sender_device = caller.device;
  stored->body = message.body;
  stored->epoch = message.epoch;
  stored->media_url = message.media_url;
  stored->reply_to = message.reply_to;
  stored->key = message.key;
  if (mutant(Mutant::dedupe_skipped) && first) stored->key = make_uuid_v7(context.now, context.random);

  const bool large = state->members.size() > limits_.write_fanout_members;
  if (large && !state->log_from) {
    // From here on and for good: a reader that merges the log finds every message of it there, also if
    // members leave.
    store.conversations().set_log_from(state->id, stored->id);
    state = store.conversations().find(state->id);
    if (!state) return storage_failed();
  }
  if (mutant(Mutant::removed_member_gets_messages)) {
    std::vector<Member> ever = state->members;
    for (const MembershipRow& row : store.conversations().memberships(state->id))
      if (row.period.left_id) ever.push_back({row.user, Role::member, row.period.joined_id});
    store.messages().append(*stored, state->log_from ? std::span<const Member>{} : std::span(ever));
  } else if (mutant(Mutant::own_devices_forgotten)) {
    std::vector<Member> others = state->members;
    std::erase_if(others, [&](const Member& member) { return member.user == caller.user; });
    store.messages().append(*stored, state->log_from ? std::span<const Member>{} : std::span(others));
  } else {
    store.messages().append(*stored, state->log_from ? std::span<const Member>{} : std::span(state->members));
  }
  context.tell({place_of(stored->id), MessageView{stored, Status::sent}},
               Audience::members(std::move(state), caller.device));
  return ack_of(*stored, false);
}

}  // namespace sotto::server
