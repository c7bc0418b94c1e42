// One element of the stream after another becomes rows. Everything here is idempotent: after a resync the
// server may send again what was applied.
#include <algorithm>

#include "base/mutant.hpp"
#include "base/utf8.hpp"
#include "sdk/engine/stream/conversation_state.hpp"
#include "sdk/engine/stream/rising.hpp"
#include "sdk/engine/stream/status.hpp"
#include "sdk/engine/stream/stream.hpp"
#include "sdk/engine/timing.hpp"
#include "sdk/engine/views/reading.hpp"
#include "sdk/store/schema.hpp"
#include "sotto/lite/frames.pb.h"

namespace sotto::engine {
namespace {

using store::is_valid_id;
using store::StoredConversation;

// The numbers of the wire, so that a change is one cast; what only the SDK tells is above them.
static_assert(static_cast<int>(ConversationChange::created) == lite::Conversation::created);
static_assert(static_cast<int>(ConversationChange::renamed) == lite::Conversation::renamed);
static_assert(static_cast<int>(ConversationChange::members_added) == lite::Conversation::members_added);
static_assert(static_cast<int>(ConversationChange::members_removed) == lite::Conversation::members_removed);
static_assert(static_cast<int>(ConversationChange::role_changed) == lite::Conversation::role_changed);
static_assert(static_cast<int>(ConversationChange::deleted) == lite::Conversation::deleted);
static_assert(lite::Conversation::Change_MAX == lite::Conversation::deleted, "a new change: list it here");
static_assert(static_cast<int>(ConversationChange::updated) > 100);

ConversationChange to_change(lite::Conversation::Change change) {
  return lite::Conversation::Change_IsValid(change) && change != lite::Conversation::change_unspecified
             ? static_cast<ConversationChange>(change)
             : ConversationChange::updated;
}

/// The other person of a direct conversation that has this device's person as its only member. Either the
/// other has deleted their account, and the change names them, or it names nobody and this is the note to
/// oneself. Nothing where the person is known already.
std::optional<UserId> peer_of_one_alone(const lite::Conversation& c, UserId me, UserId known) {
  for (const std::uint64_t user : c.affected_user_ids())
    if (is_valid_id(user) && UserId{user} != me) return UserId{user};
  if (known) return std::nullopt;
  return is_valid_id(c.actor_id()) ? UserId{c.actor_id()} : me;
}

}  // namespace

bool Stream::apply_message(const lite::Message& m) {
  const MessageId id{m.message_id()};
  if (!is_valid_id(m.message_id()) || !is_valid_id(m.conversation_id()) || !is_valid_id(m.sender_id()))
    return refuse("a message's ids are out of range");
  if (!is_plausible_time(m.created_at())) return refuse("a message's created_at is out of range");

  const bool mine = UserId{m.sender_id()} == core_.me();
  const ConversationId conversation_id{m.conversation_id()};
  auto known = core_.read().messages.place_of_id(id);
  if (known) {
    ++core_.metrics.duplicates_dropped;
    advance(id.value);
    if (known->is_mine)
      raise_status(core_, known->local_id, known->state, state_of(m.status()));
    else if (id.value > core_.account->delivered_told)
      receipts_.stored(conversation_id, id);
    return true;
  }
  const bool out_of_order = id.value <= core_.account->cursor;
  const auto key = parse_uuid(m.idempotency_key());
  auto sent_from_here = mine && key ? core_.read().messages.place_of_own_key(*key) : std::nullopt;
  if (sent_from_here && sent_from_here->position >= store::kPendingBase) {
    outbox_.on_seen(*sent_from_here, id, conversation_id, state_of(m.status()), from_unix_ms(m.created_at()));
  } else {
    store_message(m, mine);
  }
  advance(id.value);
  // Kept, since nothing may be lost; but a server that says so has broken its word, and what else it left out
  // can only be found by going on from the cursor.
  if (out_of_order) return refuse("a message came out of order");
  return true;
}

void Stream::store_message(const lite::Message& m, bool mine) {
  const StoredConversation conversation = directory_.named_by_server(ConversationId{m.conversation_id()});
  store::NewMessage row;
  row.conversation = conversation.row;
  row.message_id = MessageId{m.message_id()};
  row.sender_id = UserId{m.sender_id()};
  row.sender_device_id = DeviceId{m.sender_device_id()};
  row.is_mine = mine;
  row.text = m.content();
  if (m.has_media_url()) row.media_url = m.media_url();
  if (m.has_reply_to_message_id()) row.reply_to = MessageId{m.reply_to_message_id()};
  row.created_at = from_unix_ms(m.created_at());
  row.state = mine ? state_of(m.status()) : MessageState::received;
  // A key that another own message has already (one device's bug) does not stand in the way of the message.
  row.key = parse_uuid(m.idempotency_key());
  auto& store = core_.write();
  if (mine && row.key && store.messages.place_of_own_key(*row.key)) row.key.reset();
  const LocalId local = store.messages.insert(row);
  if (m.has_ciphertext())
    store.messages.set_undecryptable(
        local, Error(ErrorCode::decryption_failed, "this version does not read encrypted messages"));

  if (!mine) {
    ++core_.metrics.messages_received;
    receipts_.stored(conversation.id, row.message_id);
    if (row.message_id > conversation.read_up_to) store.conversations.add_unread(conversation.row, 1);
  }
  core_.stage_message(local, true);
}

bool Stream::apply_receipt(const lite::Receipts_Item& item) {
  if (!is_valid_id(item.receipt_id()) || !is_valid_id(item.conversation_id()) ||
      !is_valid_id(item.message_id()) || !is_valid_id(item.user_id()))
    return refuse("a receipt's ids are out of range");
  if (!is_plausible_time(item.updated_at())) return refuse("a receipt's updated_at is out of range");
  const bool read = item.status() == lite::Status::read;
  if (!read && item.status() != lite::Status::delivered)
    return refuse("a receipt is neither delivered nor read");

  advance(item.receipt_id());
  auto conversation = core_.read().conversations.find(ConversationId{item.conversation_id()});
  if (!conversation) return true;  // of before this device
  const UserId user{item.user_id()};
  const MessageId message{item.message_id()};
  const Timestamp at = from_unix_ms(item.updated_at());
  if (user == core_.me()) {
    if (read) receipts_.read_elsewhere(*conversation, message);
    return true;
  }
  auto& store = core_.write();
  if (read) {
    if (auto before = store.receipts.advance_read(*conversation, user, message, at))
      rise(core_, *conversation, before->value + 1, message.value);
    return true;
  }
  auto place = store.messages.place_of_id(message);
  if (!place || !place->is_mine || place->conversation != conversation->row) return true;
  if (mutant(Mutant::status_goes_back) && place->state == MessageState::read) {
    store.messages.set_state(place->local_id, MessageState::delivered);
    core_.stage_message(place->local_id, false);
  }
  if (store.receipts.add_delivery(*conversation, place->local_id, user, at))
    rise(core_, *conversation, message.value, message.value);
  return true;
}

bool Stream::apply_conversation(const lite::Conversation& c) {
  if (!is_valid_id(c.change_id()) || !is_valid_id(c.conversation_id()))
    return refuse("a change's ids are out of range");
  if (!is_plausible_time(c.updated_at())) return refuse("a change's updated_at is out of range");
  if (c.kind() != lite::Conversation::direct && c.kind() != lite::Conversation::group)
    return refuse("a conversation is neither direct nor a group");

  const bool direct = c.kind() == lite::Conversation::direct;
  DescribedConversation state;
  state.kind = direct ? ConversationKind::direct : ConversationKind::group;
  state.name = c.name();
  state.is_deleted = c.change() == lite::Conversation::deleted;
  state.change_id = c.change_id();
  state.changed_at = from_unix_ms(c.updated_at());
  std::optional<UserId> peer;
  for (const auto& m : c.members()) {
    if (!is_valid_id(m.user_id()) || !is_plausible_time(m.joined_at()) ||
        m.joined_id() >= store::kPendingBase)
      return refuse("a member's ids or time are out of range");
    const UserId user{m.user_id()};
    const Role role = m.role() == lite::Member::admin ? Role::admin : Role::member;
    // Direct: both are in it for all of its messages, whenever this device has heard of it.
    state.members.push_back({{user, role, from_unix_ms(m.joined_at())}, direct ? 0 : m.joined_id()});
    if (user != core_.me()) peer = user;
  }
  const bool is_member = state.has(core_.me());
  // The state may be known already, from the answer to the call that made the change; the change is told all
  // the same.
  const bool is_news = c.change_id() > core_.account->cursor;
  advance(c.change_id());
  const StoredConversation named = directory_.named_by_server(ConversationId{c.conversation_id()});
  ConversationRow row = named.row;
  if (direct && is_member && !peer) peer = peer_of_one_alone(c, core_.me(), named.peer_id);
  if (direct && is_member && peer) row = directory_.set_peer(row, *peer);

  const bool is_newer = apply_state(core_, row, state);
  if (!is_newer && !is_news) return true;
  auto& store = core_.write();
  if (!is_newer && c.change() == lite::Conversation::members_removed)
    for (const std::uint64_t user : c.affected_user_ids())
      store.members.end(row, UserId{user}, c.change_id());
  if (auto now = store.conversations.find(row)) {
    ConversationChanged event;
    event.conversation = reading_.describe(*now);
    event.change = to_change(c.change());
    for (std::uint64_t user : c.affected_user_ids())
      event.affected.push_back(UserId{user});
    if (c.actor_id() != 0) event.actor = UserId{c.actor_id()};
    core_.touch_silently(row);
    core_.stage(Event(std::move(event)));
  }
  return true;
}

bool Stream::apply_gap(const lite::Gap& gap) {
  if (!is_valid_id(gap.conversation_id()) || !is_valid_id(gap.to_message_id()) ||
      gap.from_message_id() > gap.to_message_id())
    return refuse("a gap's ids are out of range");
  const auto conversation = directory_.named_by_server(ConversationId{gap.conversation_id()});
  const MessageId from{gap.from_message_id()};
  const MessageId to{gap.to_message_id()};
  if (core_.write().holes.add(conversation.row, {Hole::Cause::no_longer_kept, from, to})) {
    core_.touch(conversation.row);
    core_.stage(Event(HoleFound{conversation.public_id(), from, to}));
  }
  advance(to.value);
  return true;
}

}  // namespace sotto::engine
