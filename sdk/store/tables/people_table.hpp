// People this device has heard of: profiles, contacts, blocks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sdk/store/connection.hpp"
#include "sotto/person.hpp"

namespace sotto::store {

class PeopleTable {
 public:
  explicit PeopleTable(Connection& db) : db_(db) {}

  std::optional<Profile> profile(UserId user);
  void save_profile(const Profile& profile);
  /// "" where nothing is known.
  std::string name_of(UserId user);

  /// A contact as the server tells it; a phone number that is "" leaves the known one.
  void save_contact(const Contact& contact);
  std::vector<Contact> contacts();
  std::optional<Contact> find_phone(const std::string& e164);
  /// Contacts are now exactly these.
  void replace_contacts(const std::vector<Contact>& contacts);
  void remove_contact(UserId user);

  void set_blocked(UserId user, bool blocked);
  std::vector<UserId> blocked();

 private:
  void ensure(UserId user);
  Connection& db_;
};

}  // namespace sotto::store
