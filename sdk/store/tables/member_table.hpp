// Who is, or was, in a group, and how far each has read.
#pragma once

#include <vector>

#include "sdk/store/connection.hpp"
#include "sdk/store/tables/conversation_table.hpp"
#include "sotto/conversation.hpp"

namespace sotto::store {

/// The until_id of a row that only remembers how far somebody has read whose membership is not known yet: no
/// message lies below it.
#define SOTTO_NOT_YET_A_MEMBER "1"

class MemberTable {
 public:
  explicit MemberTable(Connection& db) : db_(db) {}

  /// Current members, the longest-standing first.
  std::vector<Member> current(ConversationRow conversation);
  std::uint32_t count(ConversationRow conversation);
  std::optional<Role> role_of(ConversationRow conversation, UserId user);
  bool is_current(ConversationRow conversation, UserId user);

  /// The members are these from `change_id` on. Who is new counts as having read everything before: it does
  /// not concern them. Who is gone stays as a former member.
  void replace(ConversationRow conversation, const std::vector<Member>& members, std::uint64_t change_id);
  /// A member by the change of that id, however early it was known that they are one.
  void joined(ConversationRow conversation, UserId user, std::uint64_t change_id);
  void end(ConversationRow conversation, UserId user, std::uint64_t change_id);

 private:
  Connection& db_;
};

}  // namespace sotto::store
