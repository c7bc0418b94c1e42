// Profiles: one's own and other people's.
#pragma once

#include <optional>
#include <string>

#include "server/model/service_error.hpp"
#include "server/model/user.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

class GroupService;

/// What a PATCH may change; what is absent stays.
struct ProfileChange {
  std::optional<std::string> display_name = {};
  std::optional<std::string> about = {};
  std::optional<std::optional<std::uint64_t>> avatar_media_id = {};  ///< present and empty: none any more
  std::optional<Privacy> privacy = {};
};

class UserService {
 public:
  explicit UserService(GroupService& groups) : groups_(groups) {}

  [[nodiscard]] ServiceResult<User> me(const Store& store, const Caller& caller) const;
  /// Phone number, privacy and last seen are left out; `not_found` for deleted users too.
  [[nodiscard]] ServiceResult<User> find(const Store& store, const Caller& caller, UserId user) const;
  ServiceResult<User> update(Store& store, WriteContext& context, const Caller& caller,
                             const ProfileChange& change);
  /// Leaves every group, revokes every device, forgets number, name, contacts and blocks. Messages stay with
  /// those who got them.
  ServiceResult<void> remove(Store& store, WriteContext& context, const Caller& caller);

 private:
  GroupService& groups_;
};

}  // namespace sotto::server
