#include "sdk/store/tables/member_table.hpp"

#include <unordered_map>

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

bool MemberTable::replace(ConversationRow conversation, const std::vector<MemberSince>& members,
                          std::uint64_t change_id) {
  std::unordered_map<UserId, std::uint64_t> before;
  {
    auto q = db_.query("SELECT user_id, since_id FROM members WHERE conversation = ?1 AND until_id = 0",
                       conversation);
    while (q.next())
      before.emplace(q.id<UserId>(0), static_cast<std::uint64_t>(q.int64(1)));
  }
  bool changed = false;
  for (const auto& [member, since] : members) {
    db_.run(
        "INSERT INTO members (conversation, user_id, role, joined_at, since_id, until_id, read_up_to, "
        "read_at) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?5, 0) ON CONFLICT (conversation, user_id) DO UPDATE SET "
        "role = excluded.role, joined_at = excluded.joined_at, since_id = excluded.since_id, "
        "read_up_to = max(read_up_to, excluded.since_id), until_id = 0",
        conversation, member.user_id, member.role, member.joined_at, since);
    const auto known = before.find(member.user_id);
    changed = changed || known == before.end() || known->second != since;
    if (known != before.end()) before.erase(known);
  }
  for (const auto& [user, since] : before)
    end(conversation, user, change_id);
  return changed || !before.empty();
}

void MemberTable::end(ConversationRow conversation, UserId user, std::uint64_t change_id) {
  db_.run(
      "UPDATE members SET until_id = ?3 WHERE conversation = ?1 AND user_id = ?2 AND since_id < ?3 "
      "AND (until_id = 0 OR until_id > ?3)",
      conversation, user, change_id);
}

}  // namespace sotto::store
