#include "server/adapters/sqlite/stores/sqlite_receipt_store.hpp"

namespace sotto::server {

bool SqliteReceiptStore::insert_delivered(const Receipt& receipt) {
  Use use(insert_delivered_, receipt.audience, receipt.id, receipt.conversation, receipt.message,
          receipt.user);
  use.run();
  return !connection_.fault() && connection_.db().changes() > 0;
}

void SqliteReceiptStore::insert_read(const Receipt& receipt) {
  Use(insert_read_, receipt.audience, receipt.id, receipt.conversation, receipt.message, receipt.user).run();
}

std::optional<ReceiptId> SqliteReceiptStore::delivered(MessageId message, UserId user) const {
  Use use(delivered_, message, user);
  return use.next() ? std::optional(use->id<ReceiptId>(0)) : std::nullopt;
}

std::vector<UserId> SqliteReceiptStore::delivered_to(MessageId message) const {
  std::vector<UserId> users;
  for (Use use(delivered_to_, message); use.next();)
    users.push_back(use->id<UserId>(0));
  return users;
}

std::optional<ReceiptId> SqliteReceiptStore::first_read(ConversationId conversation, UserId user,
                                                        MessageId message) const {
  Use use(first_read_, conversation, user, message);
  return use.next() ? std::optional(use->id<ReceiptId>(0)) : std::nullopt;
}

std::optional<ReadState> SqliteReceiptStore::read_state(ConversationId conversation, UserId user) const {
  counts_.flush();
  Use use(read_state_, conversation, user);
  if (!use.next()) return std::nullopt;
  ReadState state;
  state.read_up_to = use->id<MessageId>(0);
  state.own_count = static_cast<std::uint64_t>(use->int64(1));
  state.others_done = static_cast<std::uint64_t>(use->int64(2));
  if (!use->is_null(3)) state.count_at_leave = static_cast<std::uint64_t>(use->int64(3));
  if (!use->is_null(4)) state.told_up_to = use->id<MessageId>(4);
  return state;
}

void SqliteReceiptStore::put_read_state(ConversationId conversation, UserId user, const ReadState& state) {
  Use(put_read_state_, conversation, user, state.read_up_to, state.own_count, state.others_done,
      state.count_at_leave, state.told_up_to)
      .run();
}

std::vector<ReadPosition> SqliteReceiptStore::positions(ConversationId conversation) const {
  std::vector<ReadPosition> positions;
  for (Use use(positions_, conversation); use.next();) {
    positions.push_back({use->id<UserId>(0), use->id<MessageId>(1)});
  }
  return positions;
}

}  // namespace sotto::server
