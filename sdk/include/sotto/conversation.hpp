// Conversations: direct chats and groups.
//
// Provisional ids. A conversation can be written to before the server knows it (the first message to a
// person, while offline). Until then its ConversationId is a provisional one of this device, with the highest
// bit set (`is_provisional`). Once the server has given the real id, a ConversationIdentified event names
// both. Every call accepts the provisional id for ever, so nothing an app has kept becomes wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sotto/ids.hpp"
#include "sotto/message.hpp"
#include "sotto/time.hpp"

namespace sotto {

constexpr bool is_provisional(ConversationId id) {
  return (id.value >> 63) != 0;
}

enum class ConversationKind : std::uint8_t {
  unknown = 0,  ///< heard of, not described yet
  direct = 1,
  group = 2,
};

enum class Role : std::uint8_t { member = 1, admin = 2 };

struct Member {
  UserId user_id;
  Role role = Role::member;
  Timestamp joined_at{};
};

struct Conversation {
  ConversationId id;
  ConversationKind kind = ConversationKind::unknown;
  std::string name;               ///< of a group; for a direct chat the other person's name, where known
  std::optional<UserId> peer_id;  ///< direct chats
  std::optional<Message> last_message;  ///< the newest, own unsent ones included
  std::uint32_t unread_count = 0;       ///< messages of others after `read_up_to`
  MessageId read_up_to;                 ///< how far this account has read
  Timestamp updated_at{};               ///< of the newest message or change
  bool is_member = true;                ///< false after having left or been removed: history stays readable
  bool is_deleted = false;              ///< the group was deleted
  std::optional<Role> my_role;          ///< groups
  std::uint32_t member_count = 0;       ///< groups
  std::optional<LocalId> blocked_by;    ///< the failed message that stops this conversation's queue
  bool has_draft = false;

  friend bool operator==(const Conversation&, const Conversation&) = default;
};

/// What a person has typed and not sent. Kept across restarts, never touched by sync.
struct Draft {
  std::string text;
  std::optional<MessageId> reply_to{};
  std::uint32_t cursor = 0;  ///< in code points from the start of the text
};

}  // namespace sotto
