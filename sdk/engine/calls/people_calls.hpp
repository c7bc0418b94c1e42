// Contacts, blocks, and finding people by their number.
#pragma once

#include <string>
#include <vector>

#include "sdk/engine/core.hpp"
#include "sdk/engine/operations.hpp"
#include "sdk/engine/session/requests.hpp"

namespace sotto::engine {

class PeopleCalls {
 public:
  PeopleCalls(Core& core, Operations& operations, Requests& requests)
      : core_(core), operations_(operations), requests_(requests) {}

  OperationNumber discover(const std::vector<std::string>& phone_numbers, Reply<std::vector<Contact>> reply);
  OperationNumber find_user(const std::string& phone_number, Reply<Contact> reply);
  OperationNumber contacts(Reply<std::vector<Contact>> reply);
  OperationNumber remove_contact(UserId user, Reply<void> reply);
  OperationNumber set_blocked(UserId user, bool blocked, Reply<void> reply);

  /// `{contacts: [...]}` of an answer, stored. Numbers that nobody has are not in it.
  Result<std::vector<Contact>> store_contacts(const HttpResponse& response);

 private:
  using Contacts = std::vector<Contact>;
  /// The page of the own contacts at `cursor` ("": the first) and those after it, behind `so_far`.
  void load_contacts(Ticket<Contacts> ticket, const std::string& cursor, Contacts so_far, int pages,
                     std::uint64_t changes);
  Result<Contacts> read_contacts(const HttpResponse& response, std::string* next) const;
  void keep(const Contacts& contacts, bool all);

  Core& core_;
  Operations& operations_;
  Requests& requests_;
  /// Changes that were answered: a list that was asked for before one of them may lack it.
  std::uint64_t changes_ = 0;
};

/// The request that looks numbers up.
HttpRequest look_up(const std::vector<std::string>& phone_numbers);

}  // namespace sotto::engine
