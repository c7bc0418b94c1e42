// Conversations, who is in them, and how they change.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/snowflake.hpp"
#include "server/model/identity.hpp"

namespace sotto::server {

// Numbers as in frames.proto; stored.
enum class ConversationKind : std::uint8_t { direct = 1, group = 2 };
enum class Role : std::uint8_t { member = 1, admin = 2 };
enum class ChangeKind : std::uint8_t {
  created = 1,
  renamed = 2,
  members_added = 3,
  members_removed = 4,
  role_changed = 5,
  deleted = 6,
};

std::string_view to_string(ConversationKind kind);
std::string_view to_string(Role role);
std::string_view to_string(ChangeKind change);
std::optional<Role> parse_role(std::string_view text);

struct Member {
  UserId user;
  Role role = Role::member;
  Place joined_id;  ///< sees what is greater
  [[nodiscard]] Timestamp joined_at() const { return snowflake_time(joined_id.value); }
};

/// A conversation as it is now. Immutable and shared: the writer keeps the hot ones, events point at them.
struct ConversationState {
  ConversationId id;
  ConversationKind kind = ConversationKind::direct;
  std::string name;
  Place last_change;  ///< its latest change, which is when it was updated
  bool deleted = false;
  bool blocked = false;  ///< direct: one of the two has blocked the other
  /// Not 0: from this message on they are stored once and read from the log (the group was once larger than
  /// Limits::write_fanout_members).
  MessageId log_from;
  std::vector<Member> members;  ///< those of now, in ascending order of user id; none once deleted
  UserId gone_peer;             ///< direct: the other one, where they have deleted their account; otherwise 0

  [[nodiscard]] Timestamp created_at() const { return snowflake_time(id.value); }
  [[nodiscard]] Timestamp updated_at() const { return snowflake_time(last_change.value); }
  [[nodiscard]] const Member* find(UserId user) const;
  [[nodiscard]] bool has(UserId user) const { return find(user) != nullptr; }
  [[nodiscard]] std::size_t admins() const;
  /// Direct: the other one, also once their account is deleted (a note to oneself has the same person on both
  /// sides).
  [[nodiscard]] UserId peer_of(UserId user) const;
};
using ConversationPtr = std::shared_ptr<const ConversationState>;

/// A time during which a person was a member: ids in (joined_id, left_id] are theirs to see.
struct Period {
  Place joined_id;
  std::optional<Place> left_id;

  [[nodiscard]] bool covers(std::uint64_t id) const {
    return id > joined_id.value && (!left_id || id <= left_id->value);
  }
};

/// One entry of the history of a conversation itself.
struct Change {
  ChangeId id;
  ConversationId conversation;
  ChangeKind kind = ChangeKind::created;
  UserId actor;
  std::vector<UserId> affected;  ///< added, removed, given another role
  [[nodiscard]] Timestamp at() const { return snowflake_time(id.value); }
};

/// A change with the state as one kind of person may see it: members see all; somebody removed, and everyone
/// once it is deleted, no members.
struct ConversationChange {
  Change change;
  ConversationPtr state;
  [[nodiscard]] bool shows_members_to(UserId user) const { return !state->deleted && state->has(user); }
};

}  // namespace sotto::server
