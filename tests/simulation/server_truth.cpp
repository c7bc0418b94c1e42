#include "tests/simulation/server_truth.hpp"

#include <algorithm>

#include "sqlite/database.hpp"

namespace sotto::sim {

namespace {

constexpr std::int64_t kAdmin = 2;  // of the memberships table

/// False: it could not be read to the end.
template <class Row>
bool each_row(sqlite::Database& db, const char* sql, Row row) {
  auto statement = db.prepare(sql);
  if (!statement) return false;
  auto more = statement->step();
  for (; more && *more; more = statement->step())
    row(*statement);
  return more.ok();
}

bool each_message(sqlite::Database& db, std::vector<TrueMessage>& messages) {
  return each_row(
      db,
      "SELECT message_id, conversation_id, sender_id, sender_device_id, body FROM messages ORDER BY "
      "message_id",
      [&](sqlite::Statement& row) {
        messages.push_back({row.id<MessageId>(0), row.id<ConversationId>(1), row.id<UserId>(2),
                            row.id<DeviceId>(3), std::string(as_text(row.blob(4)))});
      });
}

}  // namespace

ServerTruth read_truth(SimServer& server) {
  ServerTruth truth;
  auto db = sqlite::Database::open("server.db", sqlite::OpenMode::read_write, server.disk().vfs_name());
  if (!db) return truth;
  each_message(*db, truth.messages);
  each_row(*db, "SELECT conversation_id, user_id, joined_id, left_id, role FROM memberships",
           [&](sqlite::Statement& row) {
             TruePeriod period{row.id<UserId>(1), row.id<MessageId>(2), std::nullopt, row.int64(4) == kAdmin};
             if (!row.is_null(3)) period.left = row.id<MessageId>(3);
             truth.periods[row.id<ConversationId>(0)].push_back(period);
           });
  each_row(*db, "SELECT audience_id, conversation_id, message_id, user_id, status FROM receipts",
           [&](sqlite::Statement& row) {
             truth.receipts.push_back({row.id<UserId>(0), row.id<ConversationId>(1), row.id<MessageId>(2),
                                       row.id<UserId>(3), static_cast<int>(row.int64(4))});
           });
  each_row(*db, "SELECT conversation_id, user_id, read_up_to_id FROM read_states",
           [&](sqlite::Statement& row) {
             truth.read_up_to[{row.id<ConversationId>(0), row.id<UserId>(1)}] = row.id<MessageId>(2);
           });
  each_row(*db, "SELECT conversation_id FROM conversations WHERE deleted <> 0",
           [&](sqlite::Statement& row) { truth.deleted.insert(row.id<ConversationId>(0)); });
  each_row(
      *db, "SELECT conversation_id, name FROM conversations WHERE deleted = 0 AND kind = 2",
      [&](sqlite::Statement& row) { truth.groups[row.id<ConversationId>(0)] = std::string(row.text(1)); });
  each_row(*db, "SELECT user_id, deleted, phone_number FROM users", [&](sqlite::Statement& row) {
    truth.users[row.id<UserId>(0)] = {row.int64(1) != 0, !row.is_null(2)};
  });
  each_row(*db, "SELECT device_id, user_id FROM devices",
           [&](sqlite::Statement& row) { truth.devices[row.id<DeviceId>(0)] = row.id<UserId>(1); });
  each_row(*db, "SELECT owner_id, user_id FROM blocks",
           [&](sqlite::Statement& row) { truth.blocks.emplace(row.id<UserId>(0), row.id<UserId>(1)); });
  each_row(*db, "SELECT conversation_id, low_user_id, high_user_id FROM direct_conversations",
           [&](sqlite::Statement& row) {
             truth.directs[row.id<ConversationId>(0)] = {row.id<UserId>(1), row.id<UserId>(2)};
           });
  return truth;
}

std::optional<std::vector<TrueMessage>> read_messages(SimServer& server) {
  auto db = sqlite::Database::open("server.db", sqlite::OpenMode::read_write, server.disk().vfs_name());
  std::vector<TrueMessage> messages;
  if (!db || !each_message(*db, messages)) return std::nullopt;
  return messages;
}

std::optional<std::uint64_t> last_id(SimServer& server) {
  std::optional<std::uint64_t> last;
  if (!server.is_up()) return last;  // opening it now would be its recovery
  auto db = sqlite::Database::open("server.db", sqlite::OpenMode::read_write, server.disk().vfs_name());
  if (!db) return last;
  each_row(*db, "SELECT last_id FROM progress",
           [&](sqlite::Statement& row) { last = static_cast<std::uint64_t>(row.int64(0)); });
  return last;
}

bool ServerTruth::is_waited_for(UserId user, ConversationId conversation, MessageId message) const {
  const auto found = periods.find(conversation);
  if (found == periods.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const TruePeriod& period) {
    return period.user == user && !period.left && message > period.joined;
  });
}

bool ServerTruth::is_member(ConversationId conversation, UserId user) const {
  const auto found = periods.find(conversation);
  return found != periods.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [&](const TruePeriod& period) { return period.user == user && !period.left; });
}

bool ServerTruth::may_see(UserId user, const TrueMessage& message) const {
  const auto found = periods.find(message.conversation);
  if (found == periods.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const TruePeriod& period) {
    return period.user == user && message.id > period.joined && (!period.left || message.id <= *period.left);
  });
}

std::vector<UserId> ServerTruth::others(ConversationId conversation, UserId user) const {
  std::vector<UserId> out;
  const auto found = periods.find(conversation);
  if (found == periods.end()) return out;
  for (const auto& period : found->second) {
    if (period.user != user && !period.left) out.push_back(period.user);
  }
  return out;
}

}  // namespace sotto::sim
