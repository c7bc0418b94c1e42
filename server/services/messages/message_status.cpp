#include "server/services/messages/message_status.hpp"

#include <algorithm>
#include <utility>

namespace sotto::server {

MessageView MessageStatus::view(MessagePtr message) {
  Status status = Status::sent;
  if (message->sender == viewer_) {
    status = of_own(*message);
  } else if (message->id <= own_position(message->conversation)) {
    status = Status::read;
  }
  return {std::move(message), status};
}

MessageId MessageStatus::own_position(ConversationId conversation) {
  auto [place, fresh] = positions_.try_emplace(conversation);
  if (fresh) {
    if (const auto state = store_.receipts().read_state(conversation, viewer_))
      place->second = state->read_up_to;
  }
  return place->second;
}

const std::vector<MessageStatus::Standing>& MessageStatus::standings(ConversationId conversation) {
  auto [place, fresh] = standings_.try_emplace(conversation);
  if (!fresh) return place->second;
  // Both ascending by user: one walk joins them.
  const std::vector<ReadPosition> positions = store_.receipts().positions(conversation);
  auto position = positions.begin();
  for (const MembershipRow& row : store_.conversations().memberships(conversation)) {
    if (row.user == viewer_) continue;
    while (position != positions.end() && position->user < row.user)
      ++position;
    const bool known = position != positions.end() && position->user == row.user;
    place->second.push_back({row.user, row.period, known ? position->read_up_to : MessageId{}});
  }
  return place->second;
}

Status MessageStatus::of_own(const StoredMessage& message) {
  // Who has left since cannot read it any more and is not waited for; where nobody is left, the furthest that
  // any of them got. So it never goes back: fewer are waited for, never more.
  std::vector<const Standing*> here;
  std::vector<const Standing*> gone;
  for (const Standing& other : standings(message.conversation))
    if (other.period.covers(message.id.value)) (other.period.left_id ? gone : here).push_back(&other);
  const auto has_read = [&](const Standing* other) { return other->read_up_to >= message.id; };
  const auto has_it = [&](const Standing* other) {
    return has_read(other) || store_.receipts().delivered(message.id, other->user).has_value();
  };
  if (here.empty()) {
    if (std::any_of(gone.begin(), gone.end(), has_read)) return Status::read;
    return std::any_of(gone.begin(), gone.end(), has_it) ? Status::delivered : Status::sent;
  }
  if (std::all_of(here.begin(), here.end(), has_read)) return Status::read;
  // Both ascending. One walk over the message's receipts, and not a look for each member.
  const std::vector<UserId> delivered = store_.receipts().delivered_to(message.id);
  const bool all = std::all_of(here.begin(), here.end(), [&](const Standing* other) {
    return has_read(other) || std::binary_search(delivered.begin(), delivered.end(), other->user);
  });
  return all ? Status::delivered : Status::sent;
}

}  // namespace sotto::server
