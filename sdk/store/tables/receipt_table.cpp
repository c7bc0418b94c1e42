#include "sdk/store/tables/receipt_table.hpp"

#include "sdk/store/tables/member_table.hpp"

namespace sotto::store {

void ReceiptTable::expect_reader(const StoredConversation& conversation, UserId user) {
  if (conversation.kind != ConversationKind::direct || conversation.peer_id != user) return;
  db_.run(
      "INSERT INTO members (conversation, user_id, role, joined_at, since_id, until_id, read_up_to, read_at) "
      "VALUES (?1, ?2, 1, 0, 0, 0, 0, 0) ON CONFLICT (conversation, user_id) DO UPDATE SET until_id = 0 "
      "WHERE until_id = " SOTTO_NOT_YET_A_MEMBER,
      conversation.row, user);
}

bool ReceiptTable::add_delivery(const StoredConversation& conversation, LocalId message, UserId user,
                                Timestamp at) {
  expect_reader(conversation, user);
  db_.run("INSERT INTO deliveries (message, user_id, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", message,
          user, at);
  return !db_.failed() && db_.changes() > 0;
}

std::optional<MessageId> ReceiptTable::advance_read(const StoredConversation& conversation, UserId user,
                                                    MessageId up_to, Timestamp at) {
  expect_reader(conversation, user);
  // Of somebody who is not known as a member yet: kept until the members are described, since a device that
  // is new may hear of the receipt first, and will not hear of it again.
  db_.run(
      "INSERT INTO members (conversation, user_id, role, joined_at, since_id, until_id, read_up_to, read_at) "
      "VALUES (?1, ?2, 1, 0, 0, " SOTTO_NOT_YET_A_MEMBER ", 0, 0) ON CONFLICT DO NOTHING",
      conversation.row, user);
  MessageId before;
  {
    auto q = db_.query("SELECT read_up_to FROM members WHERE conversation = ?1 AND user_id = ?2",
                       conversation.row, user);
    if (!q.next()) return std::nullopt;
    before = q.id<MessageId>(0);
  }
  if (before >= up_to) return std::nullopt;
  db_.run("UPDATE members SET read_up_to = ?3, read_at = ?4 WHERE conversation = ?1 AND user_id = ?2",
          conversation.row, user, up_to, at);
  return before;
}

std::vector<ReceiptTable::Rise> ReceiptTable::due(const StoredConversation& conversation, UserId me,
                                                  std::uint64_t first, std::uint64_t last) {
  std::vector<Rise> rises;
  // Readers: the members of that time who are still here. One who left cannot read it any more and is not
  // waited for; where nobody is left, the furthest that any of them got (tests/vectors/status.json).
  auto q = db_.query(
      "SELECT m.row, m.state, "
      "count(CASE WHEN r.until_id = 0 THEN 1 END), "
      "count(CASE WHEN r.until_id = 0 AND r.read_up_to >= m.position THEN 1 END), "
      "count(CASE WHEN r.until_id = 0 AND (r.read_up_to >= m.position OR d.user_id IS NOT NULL) THEN 1 END), "
      "max(r.read_up_to >= m.position), max(r.read_up_to >= m.position OR d.user_id IS NOT NULL) "
      "FROM messages AS m "
      "JOIN members AS r ON r.conversation = m.conversation AND r.user_id <> ?4 "
      "AND r.since_id < m.position AND (r.until_id = 0 OR r.until_id > m.position) "
      "LEFT JOIN deliveries AS d ON d.message = m.row AND d.user_id = r.user_id "
      "WHERE m.conversation = ?1 AND m.position BETWEEN ?2 AND ?3 AND m.state IN (4, 5) GROUP BY m.row",
      conversation.row, first, last, me);
  while (q.next()) {
    const auto state = static_cast<MessageState>(q.int64(1));
    const auto readers = q.int64(2);
    const bool read = readers == 0 ? q.boolean(5) : q.int64(3) == readers;
    const bool delivered = readers == 0 ? q.boolean(6) : q.int64(4) == readers;
    const MessageState reached = read        ? MessageState::read
                                 : delivered ? MessageState::delivered
                                             : MessageState::sent;
    if (reached > state) rises.push_back({q.id<LocalId>(0), state, reached});
  }
  return rises;
}

std::vector<MemberReceipt> ReceiptTable::of(const StoredMessage& message,
                                            const StoredConversation& conversation, UserId me) {
  std::vector<MemberReceipt> receipts;
  auto q = db_.query(
      "SELECT r.user_id, r.read_up_to >= ?2, r.read_at, d.at FROM members AS r "
      "LEFT JOIN deliveries AS d ON d.message = ?3 AND d.user_id = r.user_id "
      "WHERE r.conversation = ?1 AND r.user_id <> ?4 AND r.since_id < ?2 "
      "AND (r.until_id = 0 OR r.until_id > ?2) ORDER BY r.user_id",
      conversation.row, message.position, message.message.local_id, me);
  while (q.next()) {
    MemberReceipt receipt;
    receipt.user_id = q.id<UserId>(0);
    if (q.boolean(1)) {
      receipt.state = MessageState::read;
      receipt.updated_at = q.time(2);
    } else if (!q.is_null(3)) {
      receipt.state = MessageState::delivered;
      receipt.updated_at = q.time(3);
    }
    receipts.push_back(receipt);
  }
  return receipts;
}

}  // namespace sotto::store
