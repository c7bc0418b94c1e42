#include "server/gateway/session/frames.hpp"

#include <algorithm>
#include <limits>

namespace sotto::server {

namespace {

v1::Status::Value to_wire(Status status) {
  return static_cast<v1::Status::Value>(status);  // the same numbers: server/model/message.hpp
}

void put(const Receipt& receipt, v1::Receipts::Item& item) {
  item.set_conversation_id(receipt.conversation.value);
  item.set_message_id(receipt.message.value);
  item.set_user_id(receipt.user.value);
  item.set_status(to_wire(receipt.status));
  item.set_updated_at(to_unix_ms(receipt.updated_at()));
  item.set_receipt_id(receipt.id.value);
}

ServiceResult<void> check_id(const char* field, std::uint64_t id) {
  if (id <= kMaxId) return {};
  return refuse(ServiceCode::bad_request,
                std::string(field) + ": " + std::to_string(id) + " is not an id; one has at most 63 bits");
}

template <class Ids>
ServiceResult<void> check_each(const char* field, const Ids& ids) {
  for (const std::uint64_t id : ids)
    if (auto ok = check_id(field, id); !ok) return ok;
  return {};
}

}  // namespace

ServiceResult<void> check_ids(const v1::ClientFrame& frame) {
  switch (frame.frame_case()) {
    case v1::ClientFrame::kSync:
      return check_id("sync.last_seen_message_id", frame.sync().last_seen_message_id());
    case v1::ClientFrame::kMessage: {
      const v1::OutgoingMessage& message = frame.message();
      if (auto ok = check_id("message.receiver_id", message.receiver_id()); !ok) return ok;
      if (auto ok = check_id("message.conversation_id", message.conversation_id()); !ok) return ok;
      return check_id("message.reply_to_message_id", message.reply_to_message_id());
    }
    case v1::ClientFrame::kDelivered:
      if (auto ok = check_id("delivered.conversation_id", frame.delivered().conversation_id()); !ok)
        return ok;
      return check_each("delivered.message_ids", frame.delivered().message_ids());
    case v1::ClientFrame::kRead:
      if (auto ok = check_id("read.conversation_id", frame.read().conversation_id()); !ok) return ok;
      return check_id("read.up_to_message_id", frame.read().up_to_message_id());
    case v1::ClientFrame::kTyping:
      return check_id("typing.conversation_id", frame.typing().conversation_id());
    case v1::ClientFrame::kPresenceSubscribe:
      return check_each("presence_subscribe.user_ids", frame.presence_subscribe().user_ids());
    case v1::ClientFrame::kConfirm:
    case v1::ClientFrame::kRenew:
    case v1::ClientFrame::FRAME_NOT_SET:
      break;
  }
  return {};
}

ServiceResult<NewMessage> to_new_message(v1::OutgoingMessage&& frame) {
  const auto key = parse_uuid(frame.idempotency_key());
  if (!key) return refuse(ServiceCode::bad_request, "message.idempotency_key: is not a UUID");
  if ((frame.receiver_id() == 0) == (frame.conversation_id() == 0)) {
    return refuse(ServiceCode::bad_request, "message: needs one of receiver_id and conversation_id");
  }
  NewMessage message;
  message.key = *key;
  message.receiver = UserId{frame.receiver_id()};
  message.conversation = ConversationId{frame.conversation_id()};
  switch (frame.body_case()) {
    case v1::OutgoingMessage::kContent:
      message.body = {BodyKind::content, std::move(*frame.mutable_content())};
      break;
    case v1::OutgoingMessage::kCiphertext:
      message.body = {BodyKind::ciphertext, std::move(*frame.mutable_ciphertext())};
      break;
    case v1::OutgoingMessage::BODY_NOT_SET:
      return refuse(ServiceCode::bad_request, "message: needs one of content and ciphertext");
  }
  message.epoch = frame.epoch();
  if (frame.has_media_url()) message.media_url = std::move(*frame.mutable_media_url());
  if (frame.has_reply_to_message_id()) message.reply_to = MessageId{frame.reply_to_message_id()};
  return message;
}

v1::Limits to_wire(const ProtocolLimits& limits) {
  v1::Limits out;
  out.set_frame_bytes(limits.frame_bytes);
  out.set_text_bytes(limits.text_bytes);
  out.set_media_url_bytes(limits.media_url_bytes);
  out.set_display_name(limits.display_name);
  out.set_group_name(limits.group_name);
  out.set_about(limits.about);
  out.set_device_name(limits.device_name);
  out.set_group_members(limits.group_members);
  out.set_phone_numbers(limits.phone_numbers);
  out.set_delivered_ids(limits.delivered_ids);
  out.set_presence_users(limits.presence_users);
  out.set_page_items(limits.page_items);
  return out;
}

v1::ServerFrame to_frame(const Ack& ack) {
  v1::ServerFrame frame;
  v1::Ack& out = *frame.mutable_ack();
  out.set_idempotency_key(to_string(ack.key));
  out.set_message_id(ack.id.value);
  out.set_conversation_id(ack.conversation.value);
  out.set_status(v1::Status::sent);
  out.set_created_at(to_unix_ms(ack.created_at()));
  return frame;
}

// ---------------------------------------------------------------- elements of the stream

v1::ServerFrame to_frame(const MessageView& view) {
  v1::ServerFrame frame;
  v1::Message& out = *frame.mutable_message();
  const StoredMessage& message = *view.message;
  out.set_message_id(message.id.value);
  out.set_conversation_id(message.conversation.value);
  out.set_sender_id(message.sender.value);
  out.set_sender_device_id(message.sender_device.value);
  if (message.body.kind == BodyKind::content) {
    out.set_content(message.body.bytes);
  } else {
    out.set_ciphertext(message.body.bytes);
  }
  out.set_epoch(message.epoch);
  if (message.media_url) out.set_media_url(*message.media_url);
  if (message.reply_to) out.set_reply_to_message_id(message.reply_to->value);
  out.set_idempotency_key(to_string(message.key));
  out.set_created_at(to_unix_ms(message.created_at()));
  out.set_status(to_wire(view.status));
  return frame;
}

namespace {

// One for each kind of element; `whole` as in to_frame below.

v1::ServerFrame frame_of(const MessageView& view, bool) {
  return to_frame(view);
}

v1::ServerFrame frame_of(const Receipts& receipts, bool) {
  v1::ServerFrame frame;
  v1::Receipts& out = *frame.mutable_receipts();
  for (const Receipt& receipt : receipts.items)
    put(receipt, *out.add_items());
  return frame;
}

v1::ServerFrame frame_of(const ConversationChange& change, bool whole) {
  v1::ServerFrame frame;
  v1::Conversation& out = *frame.mutable_conversation();
  const ConversationState& state = *change.state;
  out.set_conversation_id(state.id.value);
  out.set_change(static_cast<v1::Conversation::Change>(change.change.kind));
  out.set_kind(static_cast<v1::Conversation::Kind>(state.kind));
  out.set_name(state.name);
  if (whole) {
    for (const Member& member : state.members) {
      v1::Member& to = *out.add_members();
      to.set_user_id(member.user.value);
      to.set_role(static_cast<v1::Member::Role>(member.role));
      to.set_joined_at(to_unix_ms(member.joined_at()));
      to.set_joined_id(member.joined_id.value);
    }
  }
  for (const UserId user : change.change.affected)
    out.add_affected_user_ids(user.value);
  out.set_actor_id(change.change.actor.value);
  out.set_change_id(change.change.id.value);
  out.set_updated_at(to_unix_ms(change.change.at()));
  return frame;
}

v1::ServerFrame frame_of(const Gap& gap, bool) {
  v1::ServerFrame frame;
  frame.mutable_gap()->set_conversation_id(gap.conversation.value);
  frame.mutable_gap()->set_from_message_id(gap.from.value);
  frame.mutable_gap()->set_to_message_id(gap.to.value);
  return frame;
}

}  // namespace

v1::ServerFrame to_frame(const ElementValue& element, bool whole) {
  return std::visit([whole](const auto& value) { return frame_of(value, whole); }, element);
}

bool is_shown_whole(const ElementValue& element, UserId viewer) {
  const auto* change = std::get_if<ConversationChange>(&element);
  return change == nullptr || change->shows_members_to(viewer);
}

// ---------------------------------------------------------------- answers and what is told in passing

v1::ServerFrame to_frame(const PresenceNotice& notice) {
  v1::ServerFrame frame;
  frame.mutable_presence()->set_user_id(notice.user.value);
  frame.mutable_presence()->set_online(notice.online);
  if (notice.last_seen_at) frame.mutable_presence()->set_last_seen_at(to_unix_ms(*notice.last_seen_at));
  return frame;
}

v1::ServerFrame to_frame(const ServiceError& error) {
  v1::ServerFrame frame = error_frame(frame_word(error.code), error.detail);
  if (error.code == ServiceCode::rate_limited) {
    constexpr Milliseconds::rep kMost = std::numeric_limits<std::uint32_t>::max();
    frame.mutable_error()->set_retry_after_ms(
        static_cast<std::uint32_t>(std::clamp<Milliseconds::rep>(error.retry_after.count(), 0, kMost)));
  }
  return frame;
}

v1::ServerFrame typing_frame(ConversationId conversation, UserId user) {
  v1::ServerFrame frame;
  frame.mutable_typing()->set_conversation_id(conversation.value);
  frame.mutable_typing()->set_user_id(user.value);
  return frame;
}

v1::ServerFrame error_frame(std::string_view code, std::string_view message) {
  v1::ServerFrame frame;
  frame.mutable_error()->set_code(std::string(code));
  frame.mutable_error()->set_message(std::string(message));
  return frame;
}

}  // namespace sotto::server
