// Messages in SQLite (message_store.hpp): one row each. Mailbox entries and counts of a batch are collected
// (pending_mailbox.hpp, pending_counts.hpp) and written at its end.
#pragma once

#include "server/adapters/sqlite/connection.hpp"
#include "server/adapters/sqlite/stores/pending_counts.hpp"
#include "server/adapters/sqlite/stores/pending_mailbox.hpp"
#include "server/ports/message_store.hpp"

namespace sotto::server {

class SqliteMessageStore final : public MessageStore {
 public:
  SqliteMessageStore(Connection& connection, PendingCounts& counts, PendingMailbox& mailboxes)
      : connection_(connection), counts_(counts), mailboxes_(mailboxes) {}

  [[nodiscard]] MessagePtr find(MessageId message) const override;
  [[nodiscard]] MessagePtr find_by_key(UserId sender, const Uuid& key) const override;
  [[nodiscard]] std::optional<UserId> sender_of(ConversationId conversation,
                                                MessageId message) const override;
  [[nodiscard]] std::optional<MessageId> last_in(const MessageRange& range) const override;
  [[nodiscard]] std::vector<MessageId> oldest(const MessageRange& range, std::size_t limit) const override;
  [[nodiscard]] std::vector<MessageId> newest(const MessageRange& range, std::size_t limit) const override;
  [[nodiscard]] std::vector<MessageSender> senders(const MessageRange& range) const override;
  [[nodiscard]] std::uint64_t count(ConversationId conversation) const override;

  void append(const StoredMessage& message, std::span<const Member> mailboxes) override;
  Removed remove_oldest(MessageId up_to, std::size_t limit) override;
  bool remove_of_deleted(std::size_t limit) override;

 private:
  void remove(const StoredMessage& message);

  Connection& connection_;
  PendingCounts& counts_;
  PendingMailbox& mailboxes_;

  mutable Query find_{
      connection_,
      "SELECT message_id, conversation_id, sender_id, sender_device_id, idempotency_key, body_kind, "
      "body, epoch, media_url, reply_to, body_check FROM messages WHERE message_id = ?1"};
  // Only what the index holds: nearly every key is new, and then the table need not even be opened.
  mutable Query id_of_key_{connection_,
                           "SELECT message_id FROM messages WHERE idempotency_key = ?1 AND sender_id = ?2"};
  mutable Query sender_of_{connection_,
                           "SELECT sender_id FROM messages INDEXED BY messages_by_conversation "
                           "WHERE conversation_id = ?1 AND message_id = ?2"};
  mutable Query last_in_{connection_,
                         "SELECT message_id FROM messages INDEXED BY messages_by_conversation "
                         "WHERE conversation_id = ?1 AND message_id > ?2 AND message_id <= ?3 "
                         "ORDER BY message_id DESC LIMIT 1"};
  mutable Query oldest_{connection_,
                        "SELECT message_id FROM messages INDEXED BY messages_by_conversation "
                        "WHERE conversation_id = ?1 AND message_id > ?2 AND message_id <= ?3 "
                        "ORDER BY message_id LIMIT ?4"};
  mutable Query newest_{connection_,
                        "SELECT message_id FROM messages INDEXED BY messages_by_conversation "
                        "WHERE conversation_id = ?1 AND message_id > ?2 AND message_id <= ?3 "
                        "ORDER BY message_id DESC LIMIT ?4"};
  mutable Query senders_{connection_,
                         "SELECT message_id, sender_id FROM messages INDEXED BY messages_by_conversation "
                         "WHERE conversation_id = ?1 AND message_id > ?2 AND message_id <= ?3 "
                         "ORDER BY message_id DESC"};
  mutable Query count_{connection_, "SELECT message_count FROM conversations WHERE conversation_id = ?1"};

  Query insert_{
      connection_,
      "INSERT INTO messages (message_id, conversation_id, sender_id, sender_device_id, idempotency_key, "
      "body_kind, body, epoch, media_url, reply_to, body_check) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"};

  Query oldest_of_all_{connection_,
                       "SELECT message_id, conversation_id, sender_id FROM messages WHERE message_id <= ?1 "
                       "ORDER BY message_id LIMIT ?2"};
  Query recipients_{connection_,
                    "SELECT DISTINCT user_id FROM memberships WHERE conversation_id = ?1 AND joined_id < ?2"};
  Query log_from_{connection_, "SELECT log_from FROM conversations WHERE conversation_id = ?1"};
  Query delete_mailbox_{connection_, "DELETE FROM mailbox WHERE user_id = ?1 AND message_id = ?2"};
  Query delete_receipts_{connection_, "DELETE FROM receipts WHERE message_id = ?1 AND status = 2"};
  Query delete_{connection_, "DELETE FROM messages WHERE message_id = ?1"};
  Query note_gone_{connection_, "UPDATE conversations SET gone_up_to_id = ?2 WHERE conversation_id = ?1"};
  Query note_all_gone_{connection_, "UPDATE progress SET gone_up_to = max(gone_up_to, ?1) WHERE id = 1"};
  Query to_delete_{connection_, "SELECT conversation_id FROM conversations WHERE deleted = 1 LIMIT 1"};
  Query all_deleted_{connection_, "UPDATE conversations SET deleted = 2 WHERE conversation_id = ?1"};
};

}  // namespace sotto::server
