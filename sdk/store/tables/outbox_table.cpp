#include "sdk/store/tables/outbox_table.hpp"

#include <algorithm>

namespace sotto::store {

void OutboxTable::add(LocalId message, ConversationRow conversation) {
  db_.run("INSERT INTO outbox (message, conversation, attempts, receiver_id) VALUES (?1, ?2, 0, NULL)",
          message, conversation);
}

std::vector<OutboxEntry> OutboxTable::all() {
  std::vector<OutboxEntry> entries;
  auto q = db_.query(
      "SELECT o.message, o.conversation, o.attempts, o.receiver_id, m.state, m.idempotency_key, "
      "m.created_at, m.expires_at "
      "FROM outbox AS o JOIN messages AS m ON m.row = o.message ORDER BY o.message");
  while (q.next()) {
    OutboxEntry e;
    e.message = q.id<LocalId>(0);
    e.conversation = q.id<ConversationRow>(1);
    e.attempts = static_cast<int>(q.int64(2));
    e.receiver_id = q.id<UserId>(3);
    e.state = static_cast<MessageState>(q.int64(4));
    const ByteView key = q.blob(5);
    std::copy_n(key.begin(), std::min(key.size(), e.key.bytes.size()), e.key.bytes.begin());
    e.queued_at = q.time(6);
    if (!q.is_null(7)) e.expires_at = q.time(7);
    entries.push_back(e);
  }
  return entries;
}

void OutboxTable::set_attempt(LocalId message, int attempts, UserId receiver_id) {
  db_.run("UPDATE outbox SET attempts = ?2, receiver_id = ?3 WHERE message = ?1", message, attempts,
          receiver_id ? std::optional(receiver_id) : std::nullopt);
}

void OutboxTable::remove(LocalId message) {
  db_.run("DELETE FROM outbox WHERE message = ?1", message);
}

}  // namespace sotto::store
