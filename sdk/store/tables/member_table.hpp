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

struct MemberSince {
  Member member;
  std::uint64_t since = 0;  ///< the place in the stream where they joined; what comes after it is theirs
};

class MemberTable {
 public:
  explicit MemberTable(Connection& db) : db_(db) {}

  /// Current members, the longest-standing first.
  std::vector<Member> current(ConversationRow conversation);
  std::uint32_t count(ConversationRow conversation);
  std::optional<Role> role_of(ConversationRow conversation, UserId user);
  bool is_current(ConversationRow conversation, UserId user);

  /// The members are these as of `change_id`. What was sent before somebody came does not concern them, so it
  /// counts as read by them. Who is gone stays as a former member. True: somebody came or left.
  bool replace(ConversationRow conversation, const std::vector<MemberSince>& members,
               std::uint64_t change_id);
  /// `user` left with this change, if they were a member before it; perhaps it was noticed only later.
  void end(ConversationRow conversation, UserId user, std::uint64_t change_id);

 private:
  Connection& db_;
};

}  // namespace sotto::store
