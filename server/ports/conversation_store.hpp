// Conversations, memberships, and the changes of both.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/model/conversation.hpp"
#include "server/model/stream.hpp"

namespace sotto::server {

/// A conversation in one person's inbox.
struct InboxRow {
  ConversationId conversation;
  Place activity;  ///< its last message or change
  Place joined_id;
};

/// One person's membership, past or present.
struct MembershipRow {
  UserId user;
  Period period;
};

class ConversationStore {
 public:
  virtual ~ConversationStore() = default;

  /// Null: there is none. A deleted one is found, without members.
  [[nodiscard]] virtual ConversationPtr find(ConversationId conversation) const = 0;
  [[nodiscard]] virtual bool is_deleted(ConversationId conversation) const = 0;
  /// In either order; both the same: the note to oneself.
  [[nodiscard]] virtual std::optional<ConversationId> find_direct(UserId a, UserId b) const = 0;
  [[nodiscard]] virtual std::optional<ConversationId> find_by_creation_key(UserId creator,
                                                                           std::string_view key) const = 0;
  /// All of one person's memberships of a conversation, ascending.
  [[nodiscard]] virtual std::vector<Period> periods(ConversationId conversation, UserId user) const = 0;
  /// The group's name when the person last left it; empty where they have not, or where it was not noted.
  [[nodiscard]] virtual std::string name_at_leave(ConversationId conversation, UserId user) const = 0;
  /// Everybody's, ascending by user.
  [[nodiscard]] virtual std::vector<MembershipRow> memberships(ConversationId conversation) const = 0;
  /// Conversations the person is in now, in no order.
  [[nodiscard]] virtual std::vector<InboxRow> inbox(UserId user) const = 0;
  /// What is no longer kept of what the person could see after `after`, in no order.
  [[nodiscard]] virtual std::vector<Gap> gaps(UserId user, Place after) const = 0;

  /// With its members.
  virtual void insert(const ConversationState& conversation, UserId creator,
                      std::optional<std::string_view> creation_key) = 0;
  virtual void set_direct(UserId a, UserId b, ConversationId conversation) = 0;
  virtual void rename(ConversationId conversation, std::string_view name) = 0;
  virtual void set_log_from(ConversationId conversation, MessageId first) = 0;
  virtual void add_member(ConversationId conversation, const Member& member) = 0;
  virtual void end_membership(ConversationId conversation, UserId user, Place left_id) = 0;
  virtual void set_role(ConversationId conversation, UserId user, Role role) = 0;
  /// Ends every membership. Its messages are nobody's any more and are deleted by and by.
  virtual void mark_deleted(ConversationId conversation, Place at) = 0;

  /// Also the conversation's `last_change`.
  virtual void insert_change(const Change& change, std::span<const UserId> audience) = 0;
  [[nodiscard]] virtual std::optional<Change> find_change(ChangeId change) const = 0;
};

}  // namespace sotto::server
