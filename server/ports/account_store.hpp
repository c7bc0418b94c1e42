// Users, their devices and tokens, and the codes they sign in with.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "server/model/user.hpp"

namespace sotto::server {

class AccountStore {
 public:
  virtual ~AccountStore() = default;

  [[nodiscard]] virtual std::optional<User> find_user(UserId user) const = 0;
  [[nodiscard]] virtual std::optional<User> find_user_by_phone(std::string_view phone_number) const = 0;
  virtual void insert_user(const User& user) = 0;
  /// All but `last_seen_at`. An empty phone number frees the old one for a new account.
  virtual void update_user(const User& user) = 0;
  virtual void set_last_seen(UserId user, Timestamp at) = 0;

  [[nodiscard]] virtual std::optional<Device> find_device(DeviceId device) const = 0;
  /// Ascending by id, which is by age.
  [[nodiscard]] virtual std::vector<Device> devices_of(UserId user) const = 0;
  virtual void insert_device(const Device& device) = 0;
  virtual void update_device(const Device& device) = 0;
  /// And its tokens.
  virtual void delete_device(DeviceId device) = 0;

  [[nodiscard]] virtual std::optional<RefreshToken> find_refresh_token(const TokenHash& hash) const = 0;
  virtual void insert_refresh_token(const RefreshToken& token) = 0;
  /// Those of the device that are not superseded yet.
  virtual void supersede_refresh_tokens(DeviceId device, Timestamp at) = 0;
  /// Superseded before: their reuse is no longer noticed, only refused.
  virtual void forget_refresh_tokens(DeviceId device, Timestamp superseded_before) = 0;
  virtual void delete_refresh_tokens(DeviceId device) = 0;

  /// Codes that were asked for with the number, newest first.
  [[nodiscard]] virtual std::vector<Otp> otps_of(std::string_view phone_number, std::size_t limit) const = 0;
  virtual void insert_otp(const Otp& otp) = 0;
  /// Its wrong tries.
  virtual void update_otp(const Otp& otp) = 0;
  /// None of the number's codes is good any more; that they were asked for stays known.
  virtual void use_up_otps(std::string_view phone_number) = 0;
  virtual void forget_otps_asked_before(Timestamp time) = 0;

  /// The networks the person has signed in from, the latest `limit` of them.
  [[nodiscard]] virtual std::vector<TokenHash> places_of(UserId user) const = 0;
  virtual void note_place(UserId user, const TokenHash& place, Timestamp at, std::size_t limit) = 0;
  virtual void forget_places(UserId user) = 0;
};

}  // namespace sotto::server
