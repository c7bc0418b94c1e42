// Conversations in SQLite: what they are called, who was a member when, their changes and their gaps
// (conversation_store.hpp). A membership is a row of its own for each period that a person was in.
#pragma once

#include "server/adapters/sqlite/connection.hpp"
#include "server/adapters/sqlite/stores/conversation_cache.hpp"
#include "server/ports/conversation_store.hpp"

namespace sotto::server {

class SqliteConversationStore final : public ConversationStore {
 public:
  /// `cache`: the writer's; nullptr for readers, who cannot know when something changes.
  SqliteConversationStore(Connection& connection, ConversationCache* cache)
      : connection_(connection), cache_(cache) {}

  [[nodiscard]] ConversationPtr find(ConversationId conversation) const override;
  [[nodiscard]] bool is_deleted(ConversationId conversation) const override;
  [[nodiscard]] std::optional<ConversationId> find_direct(UserId a, UserId b) const override;
  [[nodiscard]] std::optional<ConversationId> find_by_creation_key(UserId creator,
                                                                   std::string_view key) const override;
  [[nodiscard]] std::vector<Period> periods(ConversationId conversation, UserId user) const override;
  [[nodiscard]] std::string name_at_leave(ConversationId conversation, UserId user) const override;
  [[nodiscard]] std::vector<MembershipRow> memberships(ConversationId conversation) const override;
  [[nodiscard]] std::vector<InboxRow> inbox(UserId user) const override;
  [[nodiscard]] std::vector<Gap> gaps(UserId user, Place after) const override;

  void insert(const ConversationState& conversation, UserId creator,
              std::optional<std::string_view> creation_key) override;
  void set_direct(UserId a, UserId b, ConversationId conversation) override;
  void rename(ConversationId conversation, std::string_view name) override;
  void set_log_from(ConversationId conversation, MessageId first) override;
  void add_member(ConversationId conversation, const Member& member) override;
  void end_membership(ConversationId conversation, UserId user, Place left_id) override;
  void set_role(ConversationId conversation, UserId user, Role role) override;
  void mark_deleted(ConversationId conversation, Place at) override;

  void insert_change(const Change& change, std::span<const UserId> audience) override;
  [[nodiscard]] std::optional<Change> find_change(ChangeId change) const override;

  /// One has blocked or unblocked the other.
  void block_changed(UserId a, UserId b);

 private:
  [[nodiscard]] ConversationPtr load(ConversationId conversation) const;
  void changed(ConversationId conversation);

  Connection& connection_;
  ConversationCache* cache_;

  mutable Query find_{connection_,
                      "SELECT kind, name, last_change_id, log_from, deleted FROM conversations "
                      "WHERE conversation_id = ?1"};
  mutable Query members_{connection_,
                         "SELECT user_id, role, joined_id FROM memberships "
                         "WHERE conversation_id = ?1 AND left_id IS NULL ORDER BY user_id"};
  mutable Query gone_peer_{connection_,
                           "SELECT user_id FROM memberships "
                           "WHERE conversation_id = ?1 AND left_id IS NOT NULL LIMIT 1"};
  mutable Query blocked_{connection_,
                         "SELECT 1 FROM blocks WHERE owner_id = ?1 AND user_id = ?2 UNION ALL "
                         "SELECT 1 FROM blocks WHERE owner_id = ?2 AND user_id = ?1"};
  mutable Query deleted_{connection_,
                         "SELECT 1 FROM conversations WHERE conversation_id = ?1 AND deleted <> 0"};
  mutable Query find_direct_{connection_,
                             "SELECT conversation_id FROM direct_conversations "
                             "WHERE low_user_id = ?1 AND high_user_id = ?2"};
  mutable Query find_by_key_{
      connection_, "SELECT conversation_id FROM conversations WHERE creator_id = ?1 AND creation_key = ?2"};
  mutable Query periods_{
      connection_,
      "SELECT joined_id, left_id FROM memberships WHERE conversation_id = ?1 AND user_id = ?2 "
      "ORDER BY joined_id"};
  mutable Query name_at_leave_{
      connection_,
      "SELECT left_name FROM memberships WHERE conversation_id = ?1 AND user_id = ?2 "
      "AND left_id IS NOT NULL ORDER BY joined_id DESC LIMIT 1"};
  mutable Query memberships_{connection_,
                             "SELECT user_id, joined_id, left_id FROM memberships WHERE conversation_id = ?1 "
                             "ORDER BY user_id, joined_id"};
  mutable Query inbox_{connection_,
                       "SELECT m.conversation_id, c.activity_id, m.joined_id FROM memberships AS m "
                       "CROSS JOIN conversations AS c ON c.conversation_id = m.conversation_id "
                       "WHERE m.user_id = ?1 AND m.left_id IS NULL"};
  mutable Query gaps_{
      connection_,
      "SELECT m.conversation_id, max(?2, m.joined_id) + 1, "
      "min(c.gone_up_to_id, coalesce(m.left_id - 1, c.gone_up_to_id)) AS last FROM memberships AS m "
      "CROSS JOIN conversations AS c ON c.conversation_id = m.conversation_id "
      "WHERE m.user_id = ?1 AND c.deleted = 0 AND last > max(?2, m.joined_id)"};

  Query insert_{
      connection_,
      "INSERT INTO conversations (conversation_id, kind, name, creator_id, creation_key, last_change_id, "
      "activity_id, message_count, log_from, gone_up_to_id, deleted) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 0, 0, 0, 0)"};
  Query insert_direct_{connection_,
                       "INSERT INTO direct_conversations (low_user_id, high_user_id, conversation_id) "
                       "VALUES (?1, ?2, ?3)"};
  Query rename_{connection_, "UPDATE conversations SET name = ?2 WHERE conversation_id = ?1"};
  Query set_log_from_{connection_, "UPDATE conversations SET log_from = ?2 WHERE conversation_id = ?1"};
  Query add_member_{connection_,
                    "INSERT INTO memberships (conversation_id, user_id, joined_id, left_id, role) "
                    "VALUES (?1, ?2, ?3, NULL, ?4)"};
  Query end_membership_{
      connection_,
      "UPDATE memberships SET left_id = ?3, left_name = (SELECT name FROM conversations "
      "WHERE conversation_id = ?1) WHERE conversation_id = ?1 AND user_id = ?2 AND left_id IS NULL"};
  Query end_all_{connection_,
                 "UPDATE memberships SET left_id = ?2 WHERE conversation_id = ?1 AND left_id IS NULL"};
  Query set_role_{
      connection_,
      "UPDATE memberships SET role = ?3 WHERE conversation_id = ?1 AND user_id = ?2 AND left_id IS NULL"};
  Query mark_deleted_{connection_,
                      "UPDATE conversations SET deleted = 1, name = '' WHERE conversation_id = ?1"};

  Query insert_change_{connection_,
                       "INSERT INTO changes (change_id, conversation_id, kind, actor_id, affected) "
                       "VALUES (?1, ?2, ?3, ?4, ?5)"};
  Query insert_audience_{connection_, "INSERT INTO change_audience (user_id, change_id) VALUES (?1, ?2)"};
  Query touch_{connection_,
               "UPDATE conversations SET last_change_id = ?2, activity_id = max(activity_id, ?2) "
               "WHERE conversation_id = ?1"};
  mutable Query find_change_{
      connection_, "SELECT conversation_id, kind, actor_id, affected FROM changes WHERE change_id = ?1"};
};

}  // namespace sotto::server
