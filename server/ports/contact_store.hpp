// Who knows whom, and who does not want to.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/model/identity.hpp"

namespace sotto::server {

struct Contact {
  UserId user;
  std::string phone_number;  ///< by which the owner knows them
};

class ContactStore {
 public:
  virtual ~ContactStore() = default;

  /// Those with greater user ids than `after`, ascending.
  [[nodiscard]] virtual std::vector<Contact> contacts_of(UserId owner, UserId after,
                                                         std::size_t limit) const = 0;
  [[nodiscard]] virtual std::size_t count_contacts(UserId owner) const = 0;
  [[nodiscard]] virtual bool has_contact(UserId owner, UserId user) const = 0;
  virtual void put_contact(UserId owner, const Contact& contact) = 0;
  /// False: there was none.
  virtual bool delete_contact(UserId owner, UserId user) = 0;

  [[nodiscard]] virtual bool is_blocked(UserId owner, UserId user) const = 0;
  [[nodiscard]] virtual std::size_t count_blocks(UserId owner) const = 0;
  virtual void put_block(UserId owner, UserId user) = 0;
  virtual void delete_block(UserId owner, UserId user) = 0;

  /// Contacts and blocks this person owns.
  virtual void delete_all_of(UserId owner) = 0;
};

}  // namespace sotto::server
