#include "server/adapters/sqlite/stores/sqlite_contact_store.hpp"

#include <string>

#include "server/adapters/sqlite/stores/sqlite_conversation_store.hpp"

namespace sotto::server {

std::vector<Contact> SqliteContactStore::contacts_of(UserId owner, UserId after, std::size_t limit) const {
  std::vector<Contact> contacts;
  for (Use use(contacts_of_, owner, after, limit); use.next();) {
    contacts.push_back({use->id<UserId>(0), std::string(use->text(1))});
  }
  return contacts;
}

std::size_t SqliteContactStore::count_contacts(UserId owner) const {
  Use use(count_contacts_, owner);
  return use.next() ? static_cast<std::size_t>(use->int64(0)) : 0;
}

bool SqliteContactStore::has_contact(UserId owner, UserId user) const {
  return Use(has_contact_, owner, user).next();
}

void SqliteContactStore::put_contact(UserId owner, const Contact& contact) {
  Use(put_contact_, owner, contact.user, std::string_view(contact.phone_number)).run();
}

bool SqliteContactStore::delete_contact(UserId owner, UserId user) {
  Use(delete_contact_, owner, user).run();
  return connection_.db().changes() > 0;
}

bool SqliteContactStore::is_blocked(UserId owner, UserId user) const {
  return Use(is_blocked_, owner, user).next();
}

std::size_t SqliteContactStore::count_blocks(UserId owner) const {
  Use use(count_blocks_, owner);
  return use.next() ? static_cast<std::size_t>(use->int64(0)) : 0;
}

void SqliteContactStore::put_block(UserId owner, UserId user) {
  Use(put_block_, owner, user).run();
  conversations_.block_changed(owner, user);
}

void SqliteContactStore::delete_block(UserId owner, UserId user) {
  Use(delete_block_, owner, user).run();
  conversations_.block_changed(owner, user);
}

void SqliteContactStore::delete_all_of(UserId owner) {
  Use(delete_contacts_, owner).run();
  std::vector<UserId> blocked;
  for (Use use(blocks_of_, owner); use.next();)
    blocked.push_back(use->id<UserId>(0));
  for (const UserId user : blocked)
    delete_block(owner, user);
}

}  // namespace sotto::server
