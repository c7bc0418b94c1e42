#include "server/model/conversation.hpp"

#include <algorithm>

namespace sotto::server {

const Member* ConversationState::find(UserId user) const {
  auto place = std::lower_bound(members.begin(), members.end(), user,
                                [](const Member& member, UserId wanted) { return member.user < wanted; });
  return place != members.end() && place->user == user ? &*place : nullptr;
}

std::size_t ConversationState::admins() const {
  return static_cast<std::size_t>(std::count_if(
      members.begin(), members.end(), [](const Member& member) { return member.role == Role::admin; }));
}

UserId ConversationState::peer_of(UserId user) const {
  for (const Member& member : members) {
    if (member.user != user) return member.user;
  }
  return gone_peer ? gone_peer : user;
}

}  // namespace sotto::server
