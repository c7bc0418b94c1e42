// Conversations: direct chats and groups.
//
// Provisional ids. An app can write to a conversation before the server knows it, such as the first message
// to a person while offline. Until the server gives it an id, this device gives it a provisional one, with
// the highest bit set (`is_provisional`). A ConversationIdentified event then names both ids. Every call
// keeps accepting the provisional id, so ids that an app has stored stay valid.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sotto/ids.hpp"
#include "sotto/message.hpp"
#include "sotto/time.hpp"

namespace sotto {

/// Whether this device made up the id because the server has not given one yet.
constexpr bool is_provisional(ConversationId id) {
  return (id.value >> 63) != 0;
}

enum class ConversationKind : std::uint8_t {
  unknown = 0,  ///< the server has named it but not described it yet
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
  std::string name;               ///< of the group, or of the other person in a direct chat; "" if unknown
  std::optional<UserId> peer_id;  ///< the other person; direct chats only
  std::optional<Message> last_message;  ///< the newest, including your own unsent ones
  std::uint32_t unread_count = 0;       ///< messages from others after `read_up_to`
  MessageId read_up_to;                 ///< how far this account has read
  Timestamp updated_at{};               ///< time of the newest message or change
  bool is_member = true;                ///< false after leaving or being removed; history stays readable
  bool is_deleted = false;              ///< the group was deleted
  std::optional<Role> my_role;          ///< groups only
  std::uint32_t member_count = 0;       ///< groups only
  std::optional<LocalId> blocked_by;    ///< the failed message that stops this conversation's queue
  bool has_draft = false;

  friend bool operator==(const Conversation&, const Conversation&) = default;
};

/// Text that was typed and not sent. Kept across restarts; never leaves this device.
struct Draft {
  std::string text;
  std::optional<MessageId> reply_to{};
  std::uint32_t cursor = 0;  ///< in code points from the start of the text
};

}  // namespace sotto
