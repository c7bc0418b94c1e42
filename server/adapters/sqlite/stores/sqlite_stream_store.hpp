// A person's stream in SQLite (stream_store.hpp): the mailbox, the logs of large groups, receipts, changes
// and gaps, each read in order and merged.
#pragma once

#include "server/adapters/sqlite/connection.hpp"
#include "server/adapters/sqlite/stores/pending_mailbox.hpp"
#include "server/ports/conversation_store.hpp"
#include "server/ports/message_store.hpp"
#include "server/ports/stream_store.hpp"

namespace sotto::server {

class SqliteStreamStore final : public StreamStore {
 public:
  SqliteStreamStore(Connection& connection, PendingMailbox& mailboxes, const MessageStore& messages,
                    const ConversationStore& conversations)
      : connection_(connection), mailboxes_(mailboxes), messages_(messages), conversations_(conversations) {}

  [[nodiscard]] StreamEntries next(const StreamQuery& query) const override;

 private:
  class Merge;
  void add_logs(Merge& merge, const StreamQuery& query) const;
  void add_gaps(Merge& merge, const StreamQuery& query) const;

  Connection& connection_;
  PendingMailbox& mailboxes_;
  const MessageStore& messages_;
  const ConversationStore& conversations_;

  mutable Query mailbox_{connection_,
                         "SELECT message_id FROM mailbox WHERE user_id = ?1 AND message_id > ?2 "
                         "ORDER BY message_id LIMIT ?3"};
  // Former memberships included: what was said until they left is theirs.
  mutable Query logs_{
      connection_,
      "SELECT m.conversation_id, max(?2, m.joined_id, c.log_from - 1), m.left_id FROM memberships AS m "
      "CROSS JOIN conversations AS c ON c.conversation_id = m.conversation_id "
      "WHERE m.user_id = ?1 AND (m.left_id IS NULL OR m.left_id > ?2) "
      "AND c.log_from > 0 AND c.activity_id > ?2 AND c.deleted = 0"};
  mutable Query receipts_{connection_,
                          "SELECT receipt_id, conversation_id, message_id, user_id, status FROM receipts "
                          "WHERE audience_id = ?1 AND receipt_id > ?2 ORDER BY receipt_id LIMIT ?3"};
  mutable Query changes_{connection_,
                         "SELECT change_id FROM change_audience WHERE user_id = ?1 AND change_id > ?2 "
                         "ORDER BY change_id LIMIT ?3"};
  mutable Query gone_up_to_{connection_, "SELECT gone_up_to FROM progress WHERE id = 1"};
};

}  // namespace sotto::server
