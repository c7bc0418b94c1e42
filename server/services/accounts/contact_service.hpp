// Finding people one knows, and not being found by those one does not want.
//
// Discovery answers only with the numbers that have an account; it is limited per user and day, so that
// nobody walks through all numbers. A contact is one-sided: the other person learns nothing of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/model/limits.hpp"
#include "server/model/service_error.hpp"
#include "server/model/user.hpp"
#include "server/ports/storage.hpp"
#include "server/services/token_bucket.hpp"

namespace sotto::server {

struct FoundContact {
  std::string phone_number;  ///< as it was asked for
  UserId user;
  std::string display_name;
};

struct ContactPage {
  std::vector<FoundContact> contacts;  ///< ascending by user id
  std::optional<std::string> next;     ///< the cursor of the next page
};

class ContactService {
 public:
  explicit ContactService(const Limits& limits);

  /// Those of the numbers that have an account, which become contacts. Malformed numbers are refused by their
  /// index.
  ServiceResult<std::vector<FoundContact>> add(Store& store, WriteContext& context, const Caller& caller,
                                               const std::vector<std::string>& phone_numbers);
  [[nodiscard]] ServiceResult<ContactPage> list(const Store& store, const Caller& caller,
                                                const std::optional<std::string>& cursor) const;
  ServiceResult<void> remove(Store& store, WriteContext& context, const Caller& caller, UserId user);

  /// Both as often as one likes.
  ServiceResult<void> block(Store& store, WriteContext& context, const Caller& caller, UserId user);
  ServiceResult<void> unblock(Store& store, WriteContext& context, const Caller& caller, UserId user);

 private:
  Limits limits_;
  RateLimiter<UserId> lookups_;
};

}  // namespace sotto::server
