#include "sdk/engine/outbox/directory.hpp"

#include "base/text_rules.hpp"
#include "sdk/store/schema.hpp"

namespace sotto::engine {

using store::StoredConversation;

Result<StoredConversation> Directory::find(ConversationId id) {
  auto found = core_.read().conversations.find(id);
  if (!found) return Error(ErrorCode::not_found, "there is no conversation " + to_string(id));
  return std::move(*found);
}

Result<StoredConversation> Directory::for_target(const Target& target) {
  if (const auto* id = std::get_if<ConversationId>(&target)) return find(*id);
  if (const auto* user = std::get_if<UserId>(&target)) {
    if (!store::is_valid_id(user->value))
      return Error(ErrorCode::invalid_argument, "the user id is out of range");
    return direct_with(*user);
  }
  const std::string& number = std::get<PhoneNumber>(target).e164;
  if (!is_phone_number(number))
    return Error(ErrorCode::invalid_argument, "a phone number is + and 7 to 15 digits");
  if (auto person = core_.read().people.find_phone(number)) return direct_with(person->user_id);
  if (auto known = core_.read().conversations.find_phone(number)) return std::move(*known);
  return core_.write().conversations.create_by_phone(number);
}

StoredConversation Directory::direct_with(UserId peer) {
  if (auto known = core_.read().conversations.find_peer(peer)) return std::move(*known);
  auto made = core_.write().conversations.create_direct(peer);
  core_.touch(made.row);
  return made;
}

StoredConversation Directory::named_by_server(ConversationId id) {
  if (auto known = core_.read().conversations.find(id)) return std::move(*known);
  auto& store = core_.write();
  auto made = store.conversations.create(id, ConversationKind::unknown);
  // Older than this device: so may its messages be.
  const std::uint64_t start = core_.account ? core_.account->stream_start : 0;
  if (id.value < start) {
    made.history_from = MessageId{start};
    store.conversations.set_history_from(made.row, made.history_from);
  }
  core_.touch(made.row);
  return made;
}

ConversationRow Directory::identify(ConversationRow row, ConversationId id) {
  auto before = core_.read().conversations.find(row);
  if (!before || before->id == id) return row;
  auto other = core_.read().conversations.find(id);
  const ConversationRow kept = core_.write().conversations.identify(row, id);
  core_.stage(Event(ConversationIdentified{before->public_id(), id}));
  if (other) merged(row, other->row, kept);
  core_.touch(kept);
  return kept;
}

ConversationRow Directory::set_peer(ConversationRow row, UserId peer) {
  auto before = core_.read().conversations.find(row);
  if (!before || before->peer_id == peer) return row;
  auto other = core_.read().conversations.find_peer(peer);
  const ConversationRow kept = core_.write().conversations.set_peer(row, peer);
  if (other) {
    // The id of one of them may have been a provisional one.
    auto now = core_.read().conversations.find(kept);
    for (const auto& was : {*before, *other})
      if (now && now->id && !was.id) core_.stage(Event(ConversationIdentified{was.public_id(), now->id}));
    merged(row, other->row, kept);
  }
  core_.touch(kept);
  return kept;
}

void Directory::merged(ConversationRow one, ConversationRow other, ConversationRow kept) {
  if (one == other) return;
  const ConversationRow gone = kept == one ? other : one;
  for (const Moved& moved : moved_)
    moved(gone, kept);
}

}  // namespace sotto::engine
