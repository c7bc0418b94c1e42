// Signing in and out, the own profile, other people's, and devices.
#pragma once

#include <functional>

#include "sdk/engine/core.hpp"
#include "sdk/engine/operations.hpp"
#include "sdk/engine/session/requests.hpp"

namespace sotto::engine {

class AccountCalls {
 public:
  AccountCalls(Core& core, Operations& operations, Requests& requests)
      : core_(core), operations_(operations), requests_(requests) {}

  OperationNumber request_otp(const std::string& phone_number, Reply<void> reply);
  OperationNumber login(const LoginRequest& login, Reply<Account> reply);
  /// `ended` runs as soon as the tokens are forgotten here.
  OperationNumber logout(Reply<void> reply, std::function<void()> ended);
  OperationNumber delete_account(Reply<void> reply, std::function<void()> ended);

  OperationNumber me(Reply<Profile> reply);
  OperationNumber user(UserId user, Reply<Profile> reply);
  OperationNumber update_profile(const ProfileUpdate& update, Reply<Profile> reply);

  OperationNumber devices(Reply<std::vector<Device>> reply);
  OperationNumber revoke_device(DeviceId device, Reply<void> reply);

 private:
  Result<Account> signed_in(const HttpResponse& response);
  OperationNumber fetch_profile(const std::string& path, UserId user, Reply<Profile> reply);
  Result<Profile> store_profile(const HttpResponse& response, UserId user);
  void forget_tokens();

  Core& core_;
  Operations& operations_;
  Requests& requests_;
  /// Updates of the own profile that were answered: one that was asked for before may be older.
  std::uint64_t profile_updates_ = 0;
};

}  // namespace sotto::engine
