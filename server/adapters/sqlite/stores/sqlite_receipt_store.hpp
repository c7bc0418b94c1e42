// Receipts and read positions in SQLite (receipt_store.hpp). A `delivered` is kept once for each message and
// person; reading is one position for each member, and the numbers from which unread counts follow.
#pragma once

#include "server/adapters/sqlite/connection.hpp"
#include "server/adapters/sqlite/stores/pending_counts.hpp"
#include "server/ports/receipt_store.hpp"

namespace sotto::server {

class SqliteReceiptStore final : public ReceiptStore {
 public:
  SqliteReceiptStore(Connection& connection, PendingCounts& counts)
      : connection_(connection), counts_(counts) {}

  bool insert_delivered(const Receipt& receipt) override;
  void insert_read(const Receipt& receipt) override;
  [[nodiscard]] std::optional<ReceiptId> delivered(MessageId message, UserId user) const override;
  [[nodiscard]] std::vector<UserId> delivered_to(MessageId message) const override;
  [[nodiscard]] std::optional<ReceiptId> first_read(ConversationId conversation, UserId user,
                                                    MessageId message) const override;
  [[nodiscard]] std::optional<ReadState> read_state(ConversationId conversation, UserId user) const override;
  void put_read_state(ConversationId conversation, UserId user, const ReadState& state) override;
  [[nodiscard]] std::vector<ReadPosition> positions(ConversationId conversation) const override;

 private:
  Connection& connection_;
  PendingCounts& counts_;

  Query insert_delivered_{
      connection_,
      "INSERT INTO receipts (audience_id, receipt_id, conversation_id, message_id, user_id, status) "
      "VALUES (?1, ?2, ?3, ?4, ?5, 2) "
      "ON CONFLICT (message_id, user_id) WHERE status = 2 DO NOTHING"};
  Query insert_read_{
      connection_,
      "INSERT INTO receipts (audience_id, receipt_id, conversation_id, message_id, user_id, status) "
      "VALUES (?1, ?2, ?3, ?4, ?5, 3)"};
  mutable Query delivered_{
      connection_, "SELECT receipt_id FROM receipts WHERE message_id = ?1 AND user_id = ?2 AND status = 2"};
  mutable Query delivered_to_{connection_,
                              "SELECT user_id FROM receipts INDEXED BY receipts_delivered "
                              "WHERE message_id = ?1 AND status = 2 ORDER BY user_id"};
  mutable Query first_read_{
      connection_,
      "SELECT receipt_id FROM receipts INDEXED BY receipts_read WHERE conversation_id = ?1 "
      "AND user_id = ?2 AND message_id >= ?3 AND status = 3 AND audience_id = user_id "
      "ORDER BY message_id LIMIT 1"};
  mutable Query read_state_{connection_,
                            "SELECT read_up_to_id, own_count, others_done, count_at_leave, "
                            "told_up_to_id FROM read_states "
                            "WHERE conversation_id = ?1 AND user_id = ?2"};
  Query put_read_state_{
      connection_,
      "INSERT OR REPLACE INTO read_states (conversation_id, user_id, read_up_to_id, own_count, "
      "others_done, count_at_leave, told_up_to_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
  mutable Query positions_{connection_,
                           "SELECT user_id, coalesce(told_up_to_id, read_up_to_id) FROM read_states "
                           "WHERE conversation_id = ?1 "
                           "ORDER BY user_id"};
};

}  // namespace sotto::server
