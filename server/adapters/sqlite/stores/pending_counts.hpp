// What the messages of a batch add to their conversations' and senders' counts, written once for the whole
// batch: at a hundred messages of one conversation in a batch, one update instead of a hundred. Whoever reads
// counts inside the batch flushes first.
#pragma once

#include <vector>

#include "server/adapters/sqlite/connection.hpp"
#include "server/model/message.hpp"

namespace sotto::server {

class PendingCounts {
 public:
  explicit PendingCounts(Connection& connection) : connection_(connection) {}

  void add(const StoredMessage& message) {
    pending_.push_back({message.conversation, message.sender, message.id});
  }
  void flush() {
    if (!pending_.empty()) write();
  }
  /// The batch was given up.
  void drop() { pending_.clear(); }

 private:
  struct Item {
    ConversationId conversation;
    UserId sender;
    MessageId message;
  };
  void write();

  Connection& connection_;
  std::vector<Item> pending_;
  Query count_{
      connection_,
      "UPDATE conversations SET message_count = message_count + ?2, activity_id = max(activity_id, ?3) "
      "WHERE conversation_id = ?1"};
  Query own_{
      connection_,
      "INSERT INTO read_states (conversation_id, user_id, read_up_to_id, own_count, others_done) "
      "VALUES (?1, ?2, 0, ?3, 0) "
      "ON CONFLICT (conversation_id, user_id) DO UPDATE SET own_count = own_count + excluded.own_count"};
};

}  // namespace sotto::server
