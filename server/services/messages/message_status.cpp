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
  // The lowest over the others who were members then, those who have left since included: so it never goes
  // back.
  std::vector<UserId> not_read;
  bool anyone = false;
  for (const Standing& other : standings(message.conversation)) {
    if (!other.period.covers(message.id.value)) continue;
    anyone = true;
    if (other.read_up_to < message.id) not_read.push_back(other.user);
  }
  if (!anyone) return Status::sent;
  if (not_read.empty()) return Status::read;
  // Both ascending. One walk over the message's receipts, and not a look for each member.
  const std::vector<UserId> delivered = store_.receipts().delivered_to(message.id);
  const bool all = std::includes(delivered.begin(), delivered.end(), not_read.begin(), not_read.end());
  return all ? Status::delivered : Status::sent;
}

}  // namespace sotto::server
