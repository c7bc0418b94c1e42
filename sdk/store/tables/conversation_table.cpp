#include "sdk/store/tables/conversation_table.hpp"

#include <algorithm>

#include "sdk/store/schema.hpp"
#include "sdk/store/tables/member_table.hpp"

namespace sotto::store {
namespace {

#define SOTTO_CONVERSATION_COLUMNS                                                                       \
  "row, id, kind, peer_id, peer_phone, name, is_member, is_deleted, change_id, changed_at, read_up_to, " \
  "read_told, unread, activity, history_from"

StoredConversation read_row(const Query& q) {
  StoredConversation c;
  c.row = q.id<ConversationRow>(0);
  c.id = q.id<ConversationId>(1);
  c.kind = static_cast<ConversationKind>(q.int64(2));
  c.peer_id = q.id<UserId>(3);
  c.peer_phone = q.text(4);
  c.name = q.text(5);
  c.is_member = q.boolean(6);
  c.is_deleted = q.boolean(7);
  c.change_id = static_cast<std::uint64_t>(q.int64(8));
  c.changed_at = q.time(9);
  c.read_up_to = q.id<MessageId>(10);
  c.read_told = q.id<MessageId>(11);
  c.unread = static_cast<std::uint32_t>(q.int64(12));
  c.activity = static_cast<std::uint64_t>(q.int64(13));
  c.history_from = q.id<MessageId>(14);
  return c;
}

}  // namespace

template <class... T>
std::optional<StoredConversation> ConversationTable::find_one(const char* sql, const T&... values) {
  auto q = db_.query(sql, values...);
  return q.next() ? std::optional(read_row(q)) : std::nullopt;
}

std::optional<StoredConversation> ConversationTable::find(ConversationId id) {
  if (!is_provisional(id))
    return find_one("SELECT " SOTTO_CONVERSATION_COLUMNS " FROM conversations WHERE id = ?1", id);
  const ConversationRow row{id.value & ~kProvisionalBit};
  if (auto here = find(row)) return here;
  return find_one("SELECT " SOTTO_CONVERSATION_COLUMNS
                  " FROM conversations WHERE row = (SELECT row FROM conversation_aliases WHERE old_row = ?1)",
                  row);
}

std::optional<StoredConversation> ConversationTable::find(ConversationRow row) {
  return find_one("SELECT " SOTTO_CONVERSATION_COLUMNS " FROM conversations WHERE row = ?1", row);
}

std::optional<StoredConversation> ConversationTable::find_peer(UserId peer) {
  return find_one("SELECT " SOTTO_CONVERSATION_COLUMNS " FROM conversations WHERE peer_id = ?1", peer);
}

std::optional<StoredConversation> ConversationTable::find_phone(const std::string& e164) {
  return find_one("SELECT " SOTTO_CONVERSATION_COLUMNS " FROM conversations WHERE peer_phone = ?1", e164);
}

std::vector<StoredConversation> ConversationTable::all() {
  std::vector<StoredConversation> found;
  auto q =
      db_.query("SELECT " SOTTO_CONVERSATION_COLUMNS " FROM conversations ORDER BY activity DESC, row DESC");
  while (q.next())
    found.push_back(read_row(q));
  return found;
}

StoredConversation ConversationTable::create(ConversationId id, ConversationKind kind) {
  StoredConversation c;
  c.id = id;
  c.kind = kind;
  const auto nullable_id = id ? std::optional(id) : std::nullopt;
  db_.run(
      "INSERT INTO conversations (id, kind, name, is_member, is_deleted, change_id, changed_at, read_up_to, "
      "read_told, unread, activity, history_from) VALUES (?1, ?2, '', 1, 0, 0, 0, 0, 0, 0, 0, 0)",
      nullable_id, kind);
  if (db_.failed()) return c;
  c.row = ConversationRow{static_cast<std::uint64_t>(db_.last_insert_rowid())};
  touch(c.row);
  return find(c.row).value_or(c);
}

StoredConversation ConversationTable::create_direct(UserId peer) {
  StoredConversation c = create(ConversationId{}, ConversationKind::direct);
  db_.run("UPDATE conversations SET peer_id = ?2 WHERE row = ?1", c.row, peer);
  c.peer_id = peer;
  return c;
}

StoredConversation ConversationTable::create_by_phone(const std::string& e164) {
  StoredConversation c = create(ConversationId{}, ConversationKind::direct);
  db_.run("UPDATE conversations SET peer_phone = ?2 WHERE row = ?1", c.row, e164);
  c.peer_phone = e164;
  return c;
}

ConversationRow ConversationTable::identify(ConversationRow row, ConversationId id) {
  auto other = find(id);
  if (other && other->row != row) row = merge(other->row, row);
  db_.run("UPDATE conversations SET id = ?2 WHERE row = ?1", row, id);
  touch(row);
  return row;
}

ConversationRow ConversationTable::set_peer(ConversationRow row, UserId peer) {
  auto other = find_peer(peer);
  if (other && other->row != row) row = merge(other->row, row);
  db_.run("UPDATE conversations SET peer_id = ?2, kind = ?3 WHERE row = ?1", row, peer,
          ConversationKind::direct);
  return row;
}

ConversationRow ConversationTable::merge(ConversationRow a, ConversationRow b) {
  const ConversationRow keep = std::min(a, b);
  const ConversationRow drop = std::max(a, b);
  auto kept = find(keep);
  auto dropped = find(drop);
  if (!kept || !dropped) return keep;

  db_.run("DELETE FROM conversations WHERE row = ?1", drop);
  db_.run("UPDATE messages SET conversation = ?1 WHERE conversation = ?2", keep, drop);
  db_.run("UPDATE outbox SET conversation = ?1 WHERE conversation = ?2", keep, drop);
  db_.run("UPDATE OR REPLACE members SET conversation = ?1 WHERE conversation = ?2", keep, drop);
  db_.run("UPDATE OR REPLACE holes SET conversation = ?1 WHERE conversation = ?2", keep, drop);
  // Two drafts: the one that is already in the remaining row stays.
  db_.run("UPDATE OR IGNORE drafts SET conversation = ?1 WHERE conversation = ?2", keep, drop);
  db_.run("DELETE FROM drafts WHERE conversation = ?1", drop);
  db_.run("UPDATE conversation_aliases SET row = ?1 WHERE row = ?2", keep, drop);
  db_.run("INSERT INTO conversation_aliases (old_row, row) VALUES (?2, ?1)", keep, drop);

  const StoredConversation& described = dropped->change_id > kept->change_id ? *dropped : *kept;
  const auto id = kept->id ? kept->id : dropped->id;
  const auto peer = kept->peer_id ? kept->peer_id : dropped->peer_id;
  const std::string phone = kept->peer_phone.empty() ? dropped->peer_phone : kept->peer_phone;
  const MessageId read = std::max(kept->read_up_to, dropped->read_up_to);
  db_.run(
      "UPDATE conversations SET id = ?2, peer_id = ?3, peer_phone = ?4, kind = ?5, name = ?6, "
      "is_member = ?7, is_deleted = ?8, change_id = ?9, changed_at = ?10, read_up_to = ?11, "
      "read_told = ?12, history_from = ?13, "
      "unread = (SELECT count(*) FROM messages "
      "          WHERE conversation = ?1 AND position > ?11 AND is_mine = 0) "
      "WHERE row = ?1",
      keep, id ? std::optional(id) : std::nullopt, peer ? std::optional(peer) : std::nullopt,
      phone.empty() ? std::nullopt : std::optional<std::string_view>(phone),
      std::max(kept->kind, dropped->kind), std::string_view(described.name), described.is_member,
      described.is_deleted, described.change_id, described.changed_at, read,
      std::max(kept->read_told, dropped->read_told), std::max(kept->history_from, dropped->history_from));
  touch(keep);
  return keep;
}

bool ConversationTable::apply_change(ConversationRow row, ConversationKind kind, const std::string& name,
                                     bool is_member, bool is_deleted, std::uint64_t change_id,
                                     Timestamp changed_at) {
  db_.run(
      "UPDATE conversations SET kind = ?2, name = CASE ?3 WHEN '' THEN name ELSE ?3 END, is_member = ?4, "
      "is_deleted = ?5, change_id = ?6, "
      "changed_at = ?7 WHERE row = ?1 AND change_id < ?6",
      row, kind, std::string_view(name), is_member, is_deleted, change_id, changed_at);
  return !db_.failed() && db_.changes() > 0;
}

void ConversationTable::describe(ConversationRow row, ConversationKind kind, const std::string& name) {
  db_.run("UPDATE conversations SET kind = ?2, name = ?3 WHERE row = ?1 AND change_id = 0", row, kind,
          std::string_view(name));
}

std::vector<StoredConversation> ConversationTable::groups_without_members() {
  std::vector<StoredConversation> found;
  auto q = db_.query(
      "SELECT " SOTTO_CONVERSATION_COLUMNS
      " FROM conversations WHERE kind = 2 AND is_member = 1 AND is_deleted = 0 AND NOT EXISTS "
      "(SELECT 1 FROM members WHERE conversation = conversations.row AND until_id <> " SOTTO_NOT_YET_A_MEMBER
      ")");
  while (q.next())
    found.push_back(read_row(q));
  return found;
}

void ConversationTable::set_read(ConversationRow row, MessageId read_up_to, std::uint32_t unread) {
  db_.run("UPDATE conversations SET read_up_to = ?2, unread = ?3 WHERE row = ?1", row, read_up_to, unread);
}

void ConversationTable::set_read_told(ConversationRow row, MessageId told) {
  db_.run("UPDATE conversations SET read_told = max(read_told, ?2) WHERE row = ?1", row, told);
}

void ConversationTable::add_unread(ConversationRow row, std::uint32_t more) {
  db_.run("UPDATE conversations SET unread = unread + ?2 WHERE row = ?1", row, more);
}

void ConversationTable::set_history_from(ConversationRow row, MessageId oldest) {
  db_.run("UPDATE conversations SET history_from = ?2 WHERE row = ?1", row, oldest);
}

void ConversationTable::touch(ConversationRow row) {
  // Without a message or a change: one that the server has is as old as its id, one that only exists here is
  // new.
  db_.run(
      "UPDATE conversations SET activity = max(change_id, coalesce((SELECT position FROM messages WHERE "
      "conversation = ?1 ORDER BY position DESC LIMIT 1), id, ?2 + row)) WHERE row = ?1",
      row, kPendingBase);
}

void ConversationTable::go_back(std::uint64_t place, std::uint64_t horizon) {
  db_.run("UPDATE conversations SET change_id = min(change_id, ?1), read_told = min(read_told, ?1)", place);
  db_.run(
      "UPDATE conversations SET read_up_to = ?1, unread = (SELECT count(*) FROM messages "
      "WHERE conversation = conversations.row AND position > ?1 AND is_mine = 0) WHERE read_up_to > ?2",
      place, horizon);
  db_.run("UPDATE members SET read_up_to = ?1 WHERE read_up_to > ?2", place, horizon);
}

std::vector<ConversationRow> ConversationTable::to_tell() {
  std::vector<ConversationRow> rows;
  auto q = db_.query("SELECT row FROM conversations WHERE read_up_to > read_told ORDER BY row");
  while (q.next())
    rows.push_back(q.id<ConversationRow>(0));
  return rows;
}

}  // namespace sotto::store
