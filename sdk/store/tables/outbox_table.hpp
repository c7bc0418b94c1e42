// Own messages that the server has not acknowledged. The row is the queue: what is here is sent until it is
// acknowledged, fails, expires or is taken back, across restarts, in the order of the messages' rows.
#pragma once

#include <optional>
#include <vector>

#include "base/uuid.hpp"
#include "sdk/store/connection.hpp"
#include "sdk/store/tables/conversation_table.hpp"
#include "sotto/message.hpp"

namespace sotto::store {

struct OutboxEntry {
  LocalId message;
  ConversationRow conversation;
  int attempts = 0;
  /// Whom earlier attempts named instead of a conversation; 0: none did.
  UserId receiver_id;
  MessageState state = MessageState::queued;
  Uuid key;
  Timestamp queued_at{};
  std::optional<Timestamp> expires_at;
};

class OutboxTable {
 public:
  explicit OutboxTable(Connection& db) : db_(db) {}

  void add(LocalId message, ConversationRow conversation);
  /// All entries in the order they go out.
  std::vector<OutboxEntry> all();
  void set_attempt(LocalId message, int attempts, UserId receiver_id);
  void remove(LocalId message);

 private:
  Connection& db_;
};

}  // namespace sotto::store
