#include "server/adapters/sqlite/stores/sqlite_conversation_store.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sotto::server {

namespace {
constexpr std::size_t kIdBytes = 8;

Bytes pack(std::span<const UserId> users) {
  Bytes bytes;
  bytes.reserve(users.size() * kIdBytes);
  for (const UserId user : users) {
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::uint8_t>(user.value >> shift));
  }
  return bytes;
}

std::vector<UserId> unpack(ByteView bytes) {
  std::vector<UserId> users;
  for (std::size_t at = 0; at + kIdBytes <= bytes.size(); at += kIdBytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kIdBytes; ++i)
      value = value << 8 | bytes[at + i];
    users.emplace_back(value);
  }
  return users;
}

template <class T>
std::optional<T> optional_id(sqlite::Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.id<T>(column));
}
}  // namespace

// ---------------------------------------------------------------- reading

ConversationPtr SqliteConversationStore::find(ConversationId conversation) const {
  if (cache_ == nullptr) return load(conversation);
  if (ConversationPtr known = cache_->find(conversation)) return known;
  ConversationPtr loaded = load(conversation);
  // What a fault has cut short must not be remembered.
  if (loaded && !connection_.fault()) cache_->put(loaded);
  return loaded;
}

ConversationPtr SqliteConversationStore::load(ConversationId conversation) const {
  auto state = std::make_shared<ConversationState>();
  {
    Use use(find_, conversation);
    if (!use.next()) return nullptr;
    state->id = conversation;
    state->kind = static_cast<ConversationKind>(use->int64(0));
    state->name = use->text(1);
    state->last_change = use->id<Place>(2);
    state->log_from = use->id<MessageId>(3);
    state->deleted = use->boolean(4);
  }
  for (Use use(members_, conversation); use.next();) {
    state->members.push_back({use->id<UserId>(0), static_cast<Role>(use->int64(1)), use->id<Place>(2)});
  }
  if (state->kind == ConversationKind::direct && state->members.size() == 2) {
    state->blocked = Use(blocked_, state->members[0].user, state->members[1].user).next();
  }
  if (state->kind == ConversationKind::direct && state->members.size() == 1) {
    if (Use use(gone_peer_, conversation); use.next()) state->gone_peer = use->id<UserId>(0);
  }
  return state;
}

bool SqliteConversationStore::is_deleted(ConversationId conversation) const {
  return Use(deleted_, conversation).next();
}

std::optional<ConversationId> SqliteConversationStore::find_direct(UserId a, UserId b) const {
  Use use(find_direct_, std::min(a, b), std::max(a, b));
  return use.next() ? std::optional(use->id<ConversationId>(0)) : std::nullopt;
}

std::optional<ConversationId> SqliteConversationStore::find_by_creation_key(UserId creator,
                                                                            std::string_view key) const {
  Use use(find_by_key_, creator, key);
  return use.next() ? std::optional(use->id<ConversationId>(0)) : std::nullopt;
}

std::vector<Period> SqliteConversationStore::periods(ConversationId conversation, UserId user) const {
  std::vector<Period> periods;
  for (Use use(periods_, conversation, user); use.next();) {
    periods.push_back({use->id<Place>(0), optional_id<Place>(*use.operator->(), 1)});
  }
  return periods;
}

std::string SqliteConversationStore::name_at_leave(ConversationId conversation, UserId user) const {
  Use use(name_at_leave_, conversation, user);
  return use.next() ? std::string(use->text(0)) : std::string();
}

std::vector<MembershipRow> SqliteConversationStore::memberships(ConversationId conversation) const {
  std::vector<MembershipRow> rows;
  for (Use use(memberships_, conversation); use.next();) {
    rows.push_back({use->id<UserId>(0), {use->id<Place>(1), optional_id<Place>(*use.operator->(), 2)}});
  }
  return rows;
}

std::vector<InboxRow> SqliteConversationStore::inbox(UserId user) const {
  std::vector<InboxRow> rows;
  for (Use use(inbox_, user); use.next();) {
    rows.push_back({use->id<ConversationId>(0), use->id<Place>(1), use->id<Place>(2)});
  }
  return rows;
}

std::vector<Gap> SqliteConversationStore::gaps(UserId user, Place after) const {
  std::vector<Gap> gaps;
  for (Use use(gaps_, user, after); use.next();) {
    gaps.push_back({use->id<ConversationId>(0), use->id<MessageId>(1), use->id<MessageId>(2)});
  }
  return gaps;
}

// ---------------------------------------------------------------- writing

void SqliteConversationStore::changed(ConversationId conversation) {
  if (cache_ != nullptr) cache_->drop(conversation);
}

void SqliteConversationStore::block_changed(UserId a, UserId b) {
  if (const auto conversation = find_direct(a, b)) changed(*conversation);
}

void SqliteConversationStore::insert(const ConversationState& conversation, UserId creator,
                                     std::optional<std::string_view> creation_key) {
  Use(insert_, conversation.id, conversation.kind, std::string_view(conversation.name), creator, creation_key,
      conversation.last_change)
      .run();
  for (const Member& member : conversation.members)
    add_member(conversation.id, member);
}

void SqliteConversationStore::set_direct(UserId a, UserId b, ConversationId conversation) {
  Use(insert_direct_, std::min(a, b), std::max(a, b), conversation).run();
}

void SqliteConversationStore::rename(ConversationId conversation, std::string_view name) {
  Use(rename_, conversation, name).run();
  changed(conversation);
}

void SqliteConversationStore::set_log_from(ConversationId conversation, MessageId first) {
  Use(set_log_from_, conversation, first).run();
  changed(conversation);
}

void SqliteConversationStore::add_member(ConversationId conversation, const Member& member) {
  Use(add_member_, conversation, member.user, member.joined_id, member.role).run();
  changed(conversation);
}

void SqliteConversationStore::end_membership(ConversationId conversation, UserId user, Place left_id) {
  Use(end_membership_, conversation, user, left_id).run();
  changed(conversation);
}

void SqliteConversationStore::set_role(ConversationId conversation, UserId user, Role role) {
  Use(set_role_, conversation, user, role).run();
  changed(conversation);
}

void SqliteConversationStore::mark_deleted(ConversationId conversation, Place at) {
  Use(mark_deleted_, conversation).run();
  Use(end_all_, conversation, at).run();
  changed(conversation);
}

// ---------------------------------------------------------------- changes

void SqliteConversationStore::insert_change(const Change& change, std::span<const UserId> audience) {
  const Bytes affected = pack(change.affected);
  Use(insert_change_, change.id, change.conversation, change.kind, change.actor, ByteView(affected)).run();
  for (const UserId user : audience)
    Use(insert_audience_, user, change.id).run();
  Use(touch_, change.conversation, change.id).run();
  changed(change.conversation);
}

std::optional<Change> SqliteConversationStore::find_change(ChangeId change) const {
  Use use(find_change_, change);
  if (!use.next()) return std::nullopt;
  return Change{change, use->id<ConversationId>(0), static_cast<ChangeKind>(use->int64(1)),
                use->id<UserId>(2), unpack(use->blob(3))};
}

}  // namespace sotto::server
