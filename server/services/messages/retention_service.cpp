#include "server/services/messages/retention_service.hpp"

#include <map>
#include <vector>

#include "base/snowflake.hpp"
#include "server/ports/store.hpp"

namespace sotto::server {

namespace {
/// What is gone is not unread any more.
void forget_unread(Store& store, ConversationId conversation, const std::vector<const StoredMessage*>& gone) {
  for (const MembershipRow& row : store.conversations().memberships(conversation)) {
    ReadState state = store.receipts().read_state(conversation, row.user).value_or(ReadState{});
    std::uint64_t unread = 0;
    for (const StoredMessage* message : gone) {
      if (message->sender != row.user && message->id > state.read_up_to &&
          row.period.covers(message->id.value)) {
        ++unread;
      }
    }
    if (unread == 0) continue;
    state.others_done += unread;
    store.receipts().put_read_state(conversation, row.user, state);
  }
}
}  // namespace

bool RetentionService::believes_the_clock(Store& store, Timestamp now, Milliseconds uptime) {
  const bool jumped = now - store.believed_time() > limits_.clock_jump;
  if (!jumped) {
    doubted_since_.reset();
  } else {
    if (!doubted_since_) doubted_since_ = uptime;
    if (uptime - *doubted_since_ < kDoubt) return false;
    doubted_since_.reset();
  }
  store.set_believed_time(now);
  return true;
}

bool RetentionService::step(Store& store, WriteContext& context, Milliseconds uptime) {
  const bool more = store.messages().remove_of_deleted(kMessagesAStep);
  // Also where everything is kept, so that what is configured later finds the time up to date.
  if (!believes_the_clock(store, context.now, uptime) || limits_.retention_days == 0) return more;
  const Timestamp oldest = context.now - std::chrono::hours(24) * limits_.retention_days;
  const std::uint64_t floor = snowflake_floor(oldest);
  if (floor == 0) return more;
  const MessageStore::Removed removed = store.messages().remove_oldest(MessageId{floor - 1}, kMessagesAStep);
  std::map<ConversationId, std::vector<const StoredMessage*>> by_conversation;
  for (const StoredMessage& message : removed.messages)
    by_conversation[message.conversation].push_back(&message);
  for (const auto& [conversation, messages] : by_conversation)
    forget_unread(store, conversation, messages);
  return more || removed.more;
}

}  // namespace sotto::server
