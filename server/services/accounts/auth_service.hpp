// Signing in with a phone number and a one-time code, and staying signed in.
//
//   ServiceResult<OtpMessage> code = auth.request_otp(store, context, {phone, address});
//   // then OtpSender::send
//   ServiceResult<TokenPair> pair = auth.login(store, context, {phone, otp, ...});
//   ServiceResult<Caller> who = auth.authenticate(store, now, bearer_token);    // at every request
//
// A refresh token is used once: `refresh` answers with a new pair. The token before it is good for
// kRefreshGrace more, in case the answer was lost; used after that, somebody has a copy, and the device is
// revoked.
//
// Codes are bound to where they were asked for from (docs/decisions/0022): wrong tries made elsewhere, and
// codes asked for elsewhere, take nothing from whoever asked here. What codes are limited by is stored, so
// that a restart gives nobody more; attempts a minute from one address are counted in memory. The methods
// that write belong to the writer; `authenticate` may be called by any reader.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "server/model/limits.hpp"
#include "server/model/service_error.hpp"
#include "server/model/user.hpp"
#include "server/ports/otp_sender.hpp"
#include "server/ports/storage.hpp"
#include "server/services/token_bucket.hpp"

namespace sotto::server {

struct OtpRequest {
  std::string phone_number;
  std::string remote_address;  ///< for the limit per address
};

struct LoginRequest {
  std::string phone_number;
  std::string otp;
  std::optional<std::string> device_name;
  std::optional<DeviceId>
      device_id;  ///< signs this device in again, if it belongs to the user; else a new one is made
  std::string remote_address;
};

struct TokenPair {
  std::string access_token;
  std::string refresh_token;
  Milliseconds expires_in{};  ///< of the access token
  Caller caller;
};

/// Whose access token it is, and for how much longer.
struct Bearer {
  Caller caller;
  Milliseconds lasts{};
};

class AuthService {
 public:
  /// `accept_dev_code`: 000000 signs in anyone (`--dev`).
  AuthService(const Limits& limits, SecretBytes token_key, bool accept_dev_code);

  /// The code to be sent once this is committed. The same for a known and an unknown number.
  ServiceResult<OtpMessage> request_otp(Store& store, WriteContext& context, const OtpRequest& request);
  ServiceResult<TokenPair> login(Store& store, WriteContext& context, const LoginRequest& request);
  ServiceResult<TokenPair> refresh(Store& store, WriteContext& context, std::string_view refresh_token);
  ServiceResult<void> logout(Store& store, WriteContext& context, const Caller& caller);

  /// Whose token this is, as far as the token itself says: neither forged nor expired. Nothing: it is. Any
  /// thread, without the store; only `authenticate` knows whether its device is still signed in.
  [[nodiscard]] std::optional<Caller> bearer(Timestamp now, std::string_view access_token) const;
  /// Who the bearer of this token is; `unauthorized` if it is wrong, expired, or its device revoked.
  [[nodiscard]] ServiceResult<Caller> authenticate(const Store& store, Timestamp now,
                                                   std::string_view access_token) const;
  /// The same, for what outlives a request.
  [[nodiscard]] ServiceResult<Bearer> bearer_of(const Store& store, Timestamp now,
                                                std::string_view access_token) const;

 private:
  ServiceResult<void> limit_address(const std::string& address, Timestamp now);
  [[nodiscard]] TokenHash place_of(std::string_view address) const;
  [[nodiscard]] ServiceResult<void> limit_codes(const Store& store, const std::string& phone_number,
                                                const TokenHash& place, Timestamp now) const;
  ServiceResult<void> check_otp(Store& store, const WriteContext& context, const LoginRequest& request) const;
  static User find_or_create_user(Store& store, WriteContext& context, const std::string& phone_number);
  static Device find_or_create_device(Store& store, WriteContext& context, const User& user,
                                      const LoginRequest& request);
  TokenPair issue(Store& store, WriteContext& context, const Caller& caller) const;
  [[nodiscard]] TokenHash hash_code(std::string_view phone_number, std::string_view code) const;

  Limits limits_;
  SecretBytes token_key_;
  bool accept_dev_code_;
  RateLimiter<std::string> per_network_;
  RateLimiter<std::uint64_t> per_device_;  ///< refreshes
};

}  // namespace sotto::server
