// The store on SQLite: one connection with all its parts, for the writer or for one reader.
//
//   SqliteStore store(std::move(database), SqliteStore::Role::writer);
//
// One thread.
#pragma once

#include <optional>

#include "server/adapters/sqlite/connection.hpp"
#include "server/adapters/sqlite/log/checkpoints.hpp"
#include "server/adapters/sqlite/stores/conversation_cache.hpp"
#include "server/adapters/sqlite/stores/pending_counts.hpp"
#include "server/adapters/sqlite/stores/pending_mailbox.hpp"
#include "server/adapters/sqlite/stores/sqlite_account_store.hpp"
#include "server/adapters/sqlite/stores/sqlite_contact_store.hpp"
#include "server/adapters/sqlite/stores/sqlite_conversation_store.hpp"
#include "server/adapters/sqlite/stores/sqlite_message_store.hpp"
#include "server/adapters/sqlite/stores/sqlite_receipt_store.hpp"
#include "server/adapters/sqlite/stores/sqlite_stream_store.hpp"
#include "server/storage/transactional_store.hpp"

namespace sotto::server {

class SqliteStore final : public TransactionalStore {
 public:
  enum class Role { writer, reader };

  SqliteStore(sqlite::Database db, Role role);
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  // Store
  AccountStore& accounts() override { return accounts_; }
  ContactStore& contacts() override { return contacts_; }
  ConversationStore& conversations() override { return conversations_; }
  MessageStore& messages() override { return messages_; }
  ReceiptStore& receipts() override { return receipts_; }
  [[nodiscard]] const AccountStore& accounts() const override { return accounts_; }
  [[nodiscard]] const ContactStore& contacts() const override { return contacts_; }
  [[nodiscard]] const ConversationStore& conversations() const override { return conversations_; }
  [[nodiscard]] const MessageStore& messages() const override { return messages_; }
  [[nodiscard]] const ReceiptStore& receipts() const override { return receipts_; }
  [[nodiscard]] const StreamStore& stream() const override { return stream_; }
  [[nodiscard]] Place snapshot() const override;
  [[nodiscard]] Place gone_up_to() const override;
  [[nodiscard]] Timestamp believed_time() const override;
  void set_believed_time(Timestamp now) override;
  void touch() override;

  // TransactionalStore
  bool begin() override;
  bool commit(std::uint64_t last_id) override;
  void rollback() override;
  bool give_room_back() override;
  [[nodiscard]] bool failed() const override { return connection_.fault().has_value(); }
  [[nodiscard]] StoreFault fault() const override;

  Connection& connection() { return connection_; }

 private:
  mutable Connection connection_;
  ConversationCache cache_;
  mutable PendingCounts counts_{connection_};
  mutable PendingMailbox mailboxes_{connection_};
  SqliteAccountStore accounts_{connection_};
  SqliteConversationStore conversations_;
  SqliteContactStore contacts_{connection_, conversations_};
  SqliteMessageStore messages_{connection_, counts_, mailboxes_};
  SqliteReceiptStore receipts_{connection_, counts_};
  SqliteStreamStore stream_{connection_, mailboxes_, messages_, conversations_};
  std::int64_t changes_at_begin_ = 0;
  std::optional<Checkpoints> checkpoints_;  ///< the writer's

  Query begin_;
  Query commit_{connection_, "COMMIT"};
  Query rollback_{connection_, "ROLLBACK"};
  // SQLite does not write a row that stays as it was; `commit` puts the right number back.
  Query touch_{connection_, "UPDATE progress SET last_id = last_id + 1 WHERE id = 1"};
  Query note_last_id_{connection_, "UPDATE progress SET last_id = ?1 WHERE id = 1"};
  mutable Query last_id_{connection_, "SELECT last_id FROM progress WHERE id = 1"};
  mutable Query believed_time_{connection_, "SELECT believed_time FROM progress WHERE id = 1"};
  Query set_believed_time_{connection_, "UPDATE progress SET believed_time = ?1 WHERE id = 1"};
  mutable Query gone_up_to_{connection_, "SELECT gone_up_to FROM progress WHERE id = 1"};
};

}  // namespace sotto::server
