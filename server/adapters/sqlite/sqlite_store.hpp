// The store on SQLite: one connection with all its parts, for the writer or for one reader.
//
//   SqliteStore store(std::move(database), SqliteStore::Role::writer);
//   store.begin();
//   job->run(store, context);
//   if (!store.commit(ids.last())) ...store.fault() says why; nothing of it is stored
//
// A reader begins a snapshot and ends it. One thread.
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
#include "server/ports/store.hpp"

namespace sotto::server {

class SqliteStore final : public Store {
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
  [[nodiscard]] StreamId snapshot() const override;
  [[nodiscard]] StreamId gone_up_to() const override;
  void touch() override;

  // Units of work
  /// A writer takes the write lock; a reader a snapshot. False: a fault.
  bool begin();
  /// The writer's work becomes durable, with `last_id` as the highest id handed out. False: nothing of it is
  /// stored.
  bool commit(std::uint64_t last_id);
  /// The writer's work is dropped, and the reader's snapshot let go. Clears the fault.
  void rollback();
  /// After a rollback because the disk was full: whether there is room now that there was not before.
  bool give_room_back();

  [[nodiscard]] const std::optional<sqlite::SqliteError>& fault() const { return connection_.fault(); }
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
  std::int64_t changes_at_begin_ = 0;
  std::optional<Checkpoints> checkpoints_;  ///< the writer's

  Query begin_;
  Query commit_{connection_, "COMMIT"};
  Query rollback_{connection_, "ROLLBACK"};
  // SQLite does not write a row that stays as it was; `commit` puts the right number back.
  Query touch_{connection_, "UPDATE progress SET last_id = last_id + 1 WHERE id = 1"};
  Query note_last_id_{connection_, "UPDATE progress SET last_id = ?1 WHERE id = 1"};
  mutable Query last_id_{connection_, "SELECT last_id FROM progress WHERE id = 1"};
  mutable Query gone_up_to_{connection_, "SELECT gone_up_to FROM progress WHERE id = 1"};
};

}  // namespace sotto::server
