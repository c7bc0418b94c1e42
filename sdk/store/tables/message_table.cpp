#include "sdk/store/tables/message_table.hpp"

#include <algorithm>

#include "sdk/store/schema.hpp"
#include "sdk/store/search/search_index.hpp"
#include "sdk/store/tables/message_columns.hpp"

namespace sotto::store {
namespace {

std::optional<Uuid> to_uuid(ByteView bytes) {
  Uuid uuid;
  if (bytes.size() != uuid.bytes.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), uuid.bytes.begin());
  return uuid;
}

std::optional<std::string_view> view_of(const std::optional<std::string>& text) {
  return text ? std::optional<std::string_view>(*text) : std::nullopt;
}

MessagePlace read_place(const Query& q) {
  return {q.id<LocalId>(0), q.id<ConversationRow>(1), static_cast<std::uint64_t>(q.int64(2)), q.boolean(3),
          static_cast<MessageState>(q.int64(4))};
}

/// The row that the next new message gets: what AUTOINCREMENT would take (https://sqlite.org/autoinc.html).
std::optional<std::uint64_t> next_row(Connection& db) {
  auto q = db.query("SELECT seq + 1 FROM sqlite_sequence WHERE name = 'messages'");
  if (!q.next()) return std::nullopt;
  return static_cast<std::uint64_t>(q.int64(0));
}

}  // namespace

StoredMessage read_message(const Query& q) {
  StoredMessage s;
  Message& m = s.message;
  m.local_id = q.id<LocalId>(0);
  s.position = static_cast<std::uint64_t>(q.int64(1));
  m.message_id = s.position < kPendingBase ? MessageId{s.position} : MessageId{};
  s.conversation = q.id<ConversationRow>(2);
  m.conversation_id =
      q.is_null(3) ? ConversationId{kProvisionalBit | s.conversation.value} : q.id<ConversationId>(3);
  m.sender_id = q.id<UserId>(4);
  m.sender_device_id = q.id<DeviceId>(5);
  m.is_mine = q.boolean(6);
  m.text = q.text(7);
  m.media_url = q.optional_text(8);
  m.reply_to = q.optional_id<MessageId>(9);
  m.created_at = q.time(10);
  m.state = static_cast<MessageState>(q.int64(11));
  if (auto key = to_uuid(q.blob(12))) m.idempotency_key = to_string(*key);
  if (!q.is_null(13)) m.expires_at = q.time(13);
  if (!q.is_null(14)) m.failure = Error(static_cast<ErrorCode>(q.int64(14)), q.text(15));
  m.can_retry = q.boolean(16);
  return s;
}

LocalId MessageTable::insert(const NewMessage& message) {
  return insert_at(std::nullopt, message);
}

LocalId MessageTable::insert_history(const NewMessage& message) {
  std::uint64_t lowest = kFirstRow;
  {
    auto q = db_.query("SELECT min(row) FROM messages");
    if (q.next() && !q.is_null(0)) lowest = std::min(lowest, static_cast<std::uint64_t>(q.int64(0)));
  }
  return insert_at(lowest - 1, message);
}

LocalId MessageTable::insert_at(std::optional<std::uint64_t> row, const NewMessage& m) {
  const bool pending = !m.message_id;
  const std::optional<ByteView> key = m.key ? std::optional<ByteView>(m.key->bytes) : std::nullopt;
  // A pending message's position follows from its row.
  if (pending && !row) row = next_row(db_);
  const std::uint64_t position = pending ? kPendingBase + row.value_or(0) : m.message_id.value;
  db_.run(
      "INSERT INTO messages (row, conversation, position, sender_id, sender_device_id, is_mine, text, "
      "media_url, reply_to, created_at, state, idempotency_key, expires_at, can_retry) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0)",
      row, m.conversation, position, m.sender_id, m.sender_device_id, m.is_mine, std::string_view(m.text),
      view_of(m.media_url), m.reply_to, m.created_at, m.state, key, m.expires_at);
  if (db_.failed()) return {};
  const LocalId local{static_cast<std::uint64_t>(db_.last_insert_rowid())};
  SearchIndex(db_).add(local, m.text);
  return local;
}

void MessageTable::acknowledge(LocalId message, MessageId id, Timestamp created_at) {
  db_.run(
      "UPDATE messages SET position = ?2, created_at = ?3, expires_at = NULL, failure_code = NULL, "
      "failure_text = NULL, can_retry = 0 WHERE row = ?1",
      message, id, created_at);
}

void MessageTable::set_state(LocalId message, MessageState state) {
  db_.run(
      "UPDATE messages SET state = ?2, failure_code = NULL, failure_text = NULL, can_retry = 0 WHERE row = "
      "?1",
      message, state);
}

void MessageTable::set_failure(LocalId message, const Error& cause, bool can_retry) {
  db_.run(
      "UPDATE messages SET state = ?2, failure_code = ?3, failure_text = ?4, can_retry = ?5 WHERE row = ?1",
      message, MessageState::failed, cause.code, std::string_view(cause.message), can_retry);
}

void MessageTable::set_undecryptable(LocalId message, const Error& cause) {
  db_.run("UPDATE messages SET failure_code = ?2, failure_text = ?3 WHERE row = ?1", message, cause.code,
          std::string_view(cause.message));
}

void MessageTable::set_expiry(LocalId message, Timestamp expires_at) {
  db_.run("UPDATE messages SET expires_at = ?2 WHERE row = ?1", message, expires_at);
}

void MessageTable::remove(LocalId message) {
  auto gone = find(message);
  if (!gone) return;
  SearchIndex(db_).remove(message, gone->message.text);
  db_.run("DELETE FROM messages WHERE row = ?1", message);
  db_.run("DELETE FROM outbox WHERE message = ?1", message);
  db_.run("DELETE FROM transitions WHERE message = ?1", message);
  db_.run("DELETE FROM deliveries WHERE message = ?1", message);
}

template <class... T>
std::vector<StoredMessage> MessageTable::list(const char* sql, const T&... values) {
  std::vector<StoredMessage> found;
  auto q = db_.query(sql, values...);
  while (q.next())
    found.push_back(read_message(q));
  return found;
}

std::optional<StoredMessage> MessageTable::find(LocalId message) {
  auto q = db_.query("SELECT " SOTTO_MESSAGE_COLUMNS " FROM " SOTTO_MESSAGES " WHERE m.row = ?1", message);
  return q.next() ? std::optional(read_message(q)) : std::nullopt;
}

std::optional<StoredMessage> MessageTable::find_by_id(MessageId id) {
  auto q = db_.query("SELECT " SOTTO_MESSAGE_COLUMNS " FROM " SOTTO_MESSAGES " WHERE m.position = ?1", id);
  return q.next() ? std::optional(read_message(q)) : std::nullopt;
}

std::optional<StoredMessage> MessageTable::newest(ConversationRow conversation) {
  auto q = db_.query("SELECT " SOTTO_MESSAGE_COLUMNS " FROM " SOTTO_MESSAGES
                     " WHERE m.conversation = ?1 ORDER BY m.position DESC LIMIT 1",
                     conversation);
  return q.next() ? std::optional(read_message(q)) : std::nullopt;
}

template <class... T>
std::optional<MessagePlace> MessageTable::find_place(const char* sql, const T&... values) {
  auto q = db_.query(sql, values...);
  if (!q.next()) return std::nullopt;
  return read_place(q);
}

std::optional<MessagePlace> MessageTable::place(LocalId message) {
  return find_place("SELECT row, conversation, position, is_mine, state FROM messages WHERE row = ?1",
                    message);
}

std::optional<MessagePlace> MessageTable::place_of_id(MessageId id) {
  return find_place("SELECT row, conversation, position, is_mine, state FROM messages WHERE position = ?1",
                    id);
}

std::optional<MessagePlace> MessageTable::place_of_own_key(const Uuid& key) {
  return find_place(
      "SELECT row, conversation, position, is_mine, state FROM messages WHERE idempotency_key = ?1 AND "
      "is_mine = 1",
      ByteView(key.bytes));
}

std::vector<StoredMessage> MessageTable::before(ConversationRow conversation, std::uint64_t position,
                                                std::size_t limit) {
  return list("SELECT " SOTTO_MESSAGE_COLUMNS " FROM " SOTTO_MESSAGES
              " WHERE m.conversation = ?1 AND m.position < ?2 ORDER BY m.position DESC LIMIT ?3",
              conversation, position, limit);
}

std::vector<StoredMessage> MessageTable::after(ConversationRow conversation, std::uint64_t position,
                                               std::size_t limit) {
  return list("SELECT " SOTTO_MESSAGE_COLUMNS " FROM " SOTTO_MESSAGES
              " WHERE m.conversation = ?1 AND m.position > ?2 ORDER BY m.position LIMIT ?3",
              conversation, position, limit);
}

std::vector<StoredMessage> MessageTable::between(ConversationRow conversation, std::uint64_t first,
                                                 std::uint64_t last) {
  return list("SELECT " SOTTO_MESSAGE_COLUMNS " FROM " SOTTO_MESSAGES
              " WHERE m.conversation = ?1 AND m.position BETWEEN ?2 AND ?3 ORDER BY m.position",
              conversation, first, last);
}

std::uint32_t MessageTable::count_unread(ConversationRow conversation, MessageId read_up_to) {
  auto q =
      db_.query("SELECT count(*) FROM messages WHERE conversation = ?1 AND position > ?2 AND is_mine = 0",
                conversation, read_up_to);
  return q.next() ? static_cast<std::uint32_t>(q.int64(0)) : 0;
}

std::vector<MessagePlace> MessageTable::received_between(std::uint64_t after, std::uint64_t up_to,
                                                         std::size_t limit) {
  std::vector<MessagePlace> found;
  auto q = db_.query(
      "SELECT row, conversation, position, is_mine, state FROM messages "
      "WHERE position > ?1 AND position <= ?2 AND is_mine = 0 ORDER BY position LIMIT ?3",
      after, up_to, limit);
  while (q.next())
    found.push_back(read_place(q));
  return found;
}

void MessageTable::record(LocalId message, const Transition& step) {
  db_.run(
      "INSERT INTO transitions (message, step, at, state, attempt, cause) VALUES (?1, (SELECT "
      "coalesce(max(step), 0) + 1 FROM transitions WHERE message = ?1), ?2, ?3, ?4, ?5)",
      message, step.at, step.state, step.attempt, std::string_view(step.cause));
}

std::vector<Transition> MessageTable::trace(LocalId message) {
  std::vector<Transition> steps;
  auto q = db_.query("SELECT at, state, attempt, cause FROM transitions WHERE message = ?1 ORDER BY step",
                     message);
  while (q.next())
    steps.push_back(
        {q.time(0), static_cast<MessageState>(q.int64(1)), static_cast<int>(q.int64(2)), q.text(3)});
  return steps;
}

}  // namespace sotto::store
