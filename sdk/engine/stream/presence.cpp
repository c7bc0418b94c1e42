#include "sdk/engine/stream/presence.hpp"

#include <algorithm>

#include "sdk/engine/timing.hpp"
#include "sotto/lite/frames.pb.h"

namespace sotto::engine {

Result<void> Presence::subscribe(std::vector<UserId> users) {
  if (const auto most = core_.limits().presence_users; users.size() > most)
    return Error(ErrorCode::invalid_argument,
                 "presence of at most " + std::to_string(most) + " people can be followed");
  std::sort(users.begin(), users.end());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  subscribed_ = std::move(users);
  send_subscription();
  return {};
}

void Presence::connected() {
  if (!subscribed_.empty()) send_subscription();
}

void Presence::send_subscription() {
  lite::ClientFrame frame;
  auto& subscription = *frame.mutable_presence_subscribe();
  for (UserId user : subscribed_)
    subscription.add_user_ids(user.value);
  core_.send(frame);
}

void Presence::set_typing(const store::StoredConversation& conversation) {
  if (!core_.connected() || !conversation.id) return;
  auto sent = typing_sent_.find(conversation.row);
  if (sent != typing_sent_.end() && core_.now.steady - sent->second < kTypingEvery) return;
  typing_sent_[conversation.row] = core_.now.steady;
  lite::ClientFrame frame;
  frame.mutable_typing()->set_conversation_id(conversation.id.value);
  core_.send(frame);
}

void Presence::on_presence(const lite::Presence& presence) {
  sotto::Presence seen;
  seen.user_id = UserId{presence.user_id()};
  seen.online = presence.online();
  if (presence.has_last_seen_at()) {
    if (!is_plausible_time(presence.last_seen_at()))
      return core_.violation("a presence time is out of range");
    seen.last_seen_at = from_unix_ms(presence.last_seen_at());
  }
  // Only what was asked for: anybody else's presence is none of the app's business.
  if (!std::binary_search(subscribed_.begin(), subscribed_.end(), seen.user_id)) return;
  core_.stage(Event(PresenceChanged{seen}));
}

void Presence::on_typing(const lite::Typing& typing) {
  // From somebody in a conversation this device knows; anything else is noise, and bounded by being dropped.
  if (!core_.read().conversations.find(ConversationId{typing.conversation_id()})) return;
  core_.stage(Event(TypingReceived{ConversationId{typing.conversation_id()}, UserId{typing.user_id()}}));
}

}  // namespace sotto::engine
