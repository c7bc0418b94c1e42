// Delivered and read: who has come how far.
#pragma once

#include "server/model/message.hpp"

namespace sotto::server {

/// One element of the audience's stream. `delivered`: this message. `read`: everything up to it.
struct Receipt {
  ReceiptId id;
  UserId audience;  ///< who is told: the sender; of a `read` also the reader's own other devices
  ConversationId conversation;
  MessageId message;
  UserId user;  ///< who received or read
  Status status = Status::delivered;
  [[nodiscard]] Timestamp updated_at() const { return snowflake_time(id.value); }
};

/// How far one person has read in one conversation, in a form that gives the unread count without a write for
/// each message: unread = messages in the conversation - own_count - others_done. See services/unread.hpp.
struct ReadState {
  MessageId read_up_to;           ///< 0: nothing yet
  std::uint64_t own_count = 0;    ///< messages this person has sent
  std::uint64_t others_done = 0;  ///< other people's messages that are read, or not this person's to see
  /// Set: the others have been told only so far. In a direct conversation in which one has blocked the other,
  /// reading goes on and is nobody's business.
  std::optional<MessageId> told_up_to;
  std::optional<std::uint64_t> count_at_leave;  ///< not a member: the conversation's messages when they left
};

/// Drill-down: where one member stands with one message.
struct MemberStatus {
  UserId user;
  Status status = Status::sent;  ///< `sent`: nothing yet
  Timestamp updated_at{};        ///< of a `sent`: when the message was stored
};

}  // namespace sotto::server
