// Messages: one row each, in a mailbox for each recipient (write fan-out) or only in the conversation's log
// (read fan-out).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "server/model/conversation.hpp"
#include "server/model/message.hpp"

namespace sotto::server {

/// Ids in (after, up_to] of one conversation.
struct MessageRange {
  ConversationId conversation;
  MessageId after;
  MessageId up_to;
};

struct MessageSender {
  MessageId message;
  UserId sender;
};

class MessageStore {
 public:
  virtual ~MessageStore() = default;

  /// Null: none.
  [[nodiscard]] virtual MessagePtr find(MessageId message) const = 0;
  [[nodiscard]] virtual MessagePtr find_by_key(UserId sender, const Uuid& key) const = 0;
  /// Nothing if the message is not in this conversation.
  [[nodiscard]] virtual std::optional<UserId> sender_of(ConversationId conversation,
                                                        MessageId message) const = 0;
  /// The greatest id in the range.
  [[nodiscard]] virtual std::optional<MessageId> last_in(const MessageRange& range) const = 0;
  /// Ids of the range, from its lower end or from its upper.
  [[nodiscard]] virtual std::vector<MessageId> oldest(const MessageRange& range, std::size_t limit) const = 0;
  [[nodiscard]] virtual std::vector<MessageId> newest(const MessageRange& range, std::size_t limit) const = 0;
  /// Who sent each message of the range, newest first.
  [[nodiscard]] virtual std::vector<MessageSender> senders(const MessageRange& range) const = 0;
  /// How many were ever stored in the conversation.
  [[nodiscard]] virtual std::uint64_t count(ConversationId conversation) const = 0;

  /// Stores the message, an entry in each mailbox, and counts it for the conversation and for its sender.
  virtual void append(const StoredMessage& message, std::span<const Member> mailboxes) = 0;

  struct Removed {
    std::vector<StoredMessage> messages;  ///< without bodies
    bool more = false;
  };
  /// The oldest messages of all with ids up to `up_to`, and their mailbox entries and `delivered` receipts.
  /// Notes them as gone.
  virtual Removed remove_oldest(MessageId up_to, std::size_t limit) = 0;
  /// Of a deleted conversation; false: nothing is left to delete, of any.
  virtual bool remove_of_deleted(std::size_t limit) = 0;
};

}  // namespace sotto::server
