#include "sdk/store/tables/member_table.hpp"

#include <unordered_set>

namespace sotto::store {

std::vector<Member> MemberTable::current(ConversationRow conversation) {
  std::vector<Member> members;
  auto q = db_.query(
      "SELECT user_id, role, joined_at FROM members WHERE conversation = ?1 AND until_id = 0 "
      "ORDER BY joined_at, user_id",
      conversation);
  while (q.next())
    members.push_back({q.id<UserId>(0), static_cast<Role>(q.int64(1)), q.time(2)});
  return members;
}

std::uint32_t MemberTable::count(ConversationRow conversation) {
  auto q = db_.query("SELECT count(*) FROM members WHERE conversation = ?1 AND until_id = 0", conversation);
  return q.next() ? static_cast<std::uint32_t>(q.int64(0)) : 0;
}

std::optional<Role> MemberTable::role_of(ConversationRow conversation, UserId user) {
  auto q = db_.query("SELECT role FROM members WHERE conversation = ?1 AND user_id = ?2 AND until_id = 0",
                     conversation, user);
  return q.next() ? std::optional(static_cast<Role>(q.int64(0))) : std::nullopt;
}

bool MemberTable::is_current(ConversationRow conversation, UserId user) {
  return role_of(conversation, user).has_value();
}

void MemberTable::replace(ConversationRow conversation, const std::vector<Member>& members,
                          std::uint64_t change_id) {
  std::unordered_set<UserId> now;
  for (const Member& m : members) {
    now.insert(m.user_id);
    // Back after having left: a member from now on, like anybody new.
    db_.run(
        "INSERT INTO members (conversation, user_id, role, joined_at, since_id, "
        "                     until_id, read_up_to, read_at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, 0, ?5, 0) ON CONFLICT (conversation, user_id) DO UPDATE SET "
        "role = excluded.role, joined_at = excluded.joined_at, "
        "since_id = CASE WHEN until_id = 0 THEN since_id ELSE excluded.since_id END, "
        "read_up_to = CASE WHEN until_id = 0 THEN read_up_to ELSE max(read_up_to, excluded.since_id) END, "
        "until_id = 0",
        conversation, m.user_id, m.role, m.joined_at, change_id);
  }
  for (const Member& m : current(conversation))
    if (!now.contains(m.user_id)) end(conversation, m.user_id, change_id);
}

void MemberTable::joined(ConversationRow conversation, UserId user, std::uint64_t change_id) {
  db_.run(
      "UPDATE members SET since_id = ?3, read_up_to = max(read_up_to, ?3) "
      "WHERE conversation = ?1 AND user_id = ?2 AND until_id = 0 AND since_id < ?3",
      conversation, user, change_id);
}

void MemberTable::end(ConversationRow conversation, UserId user, std::uint64_t change_id) {
  db_.run("UPDATE members SET until_id = ?3 WHERE conversation = ?1 AND user_id = ?2 AND until_id = 0",
          conversation, user, change_id);
}

}  // namespace sotto::store
