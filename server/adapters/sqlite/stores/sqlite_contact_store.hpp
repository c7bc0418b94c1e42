// Contacts and blocks in SQLite (contact_store.hpp). Whether a direct conversation is blocked is kept with
// the conversation, so that sending a message does not look for it here.
#pragma once

#include "server/adapters/sqlite/connection.hpp"
#include "server/ports/contact_store.hpp"

namespace sotto::server {

class SqliteConversationStore;

class SqliteContactStore final : public ContactStore {
 public:
  /// `conversations` keeps whether a direct conversation is blocked, and is told when that changes.
  SqliteContactStore(Connection& connection, SqliteConversationStore& conversations)
      : connection_(connection), conversations_(conversations) {}

  [[nodiscard]] std::vector<Contact> contacts_of(UserId owner, UserId after,
                                                 std::size_t limit) const override;
  [[nodiscard]] std::size_t count_contacts(UserId owner) const override;
  [[nodiscard]] bool has_contact(UserId owner, UserId user) const override;
  void put_contact(UserId owner, const Contact& contact) override;
  bool delete_contact(UserId owner, UserId user) override;

  [[nodiscard]] bool is_blocked(UserId owner, UserId user) const override;
  [[nodiscard]] std::size_t count_blocks(UserId owner) const override;
  void put_block(UserId owner, UserId user) override;
  void delete_block(UserId owner, UserId user) override;
  void delete_all_of(UserId owner) override;

 private:
  Connection& connection_;
  SqliteConversationStore& conversations_;

  mutable Query contacts_of_{connection_,
                             "SELECT user_id, phone_number FROM contacts WHERE owner_id = ?1 "
                             "AND user_id > ?2 ORDER BY user_id LIMIT ?3"};
  mutable Query count_contacts_{connection_, "SELECT count(*) FROM contacts WHERE owner_id = ?1"};
  mutable Query has_contact_{connection_, "SELECT 1 FROM contacts WHERE owner_id = ?1 AND user_id = ?2"};
  Query put_contact_{connection_,
                     "INSERT OR REPLACE INTO contacts (owner_id, user_id, phone_number) VALUES (?1, ?2, ?3)"};
  Query delete_contact_{connection_, "DELETE FROM contacts WHERE owner_id = ?1 AND user_id = ?2"};
  Query delete_contacts_{connection_, "DELETE FROM contacts WHERE owner_id = ?1"};

  mutable Query is_blocked_{connection_, "SELECT 1 FROM blocks WHERE owner_id = ?1 AND user_id = ?2"};
  mutable Query blocks_of_{connection_, "SELECT user_id FROM blocks WHERE owner_id = ?1"};
  mutable Query count_blocks_{connection_, "SELECT count(*) FROM blocks WHERE owner_id = ?1"};
  Query put_block_{connection_, "INSERT OR IGNORE INTO blocks (owner_id, user_id) VALUES (?1, ?2)"};
  Query delete_block_{connection_, "DELETE FROM blocks WHERE owner_id = ?1 AND user_id = ?2"};
};

}  // namespace sotto::server
