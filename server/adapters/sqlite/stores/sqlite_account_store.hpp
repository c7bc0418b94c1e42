// Accounts in SQLite: users, devices, refresh tokens (their hashes only) and codes that were sent. The rules
// are those of account_store.hpp; each statement's plan is looked at in query_plan_test.
#pragma once

#include "server/adapters/sqlite/connection.hpp"
#include "server/ports/account_store.hpp"

namespace sotto::server {

class SqliteAccountStore final : public AccountStore {
 public:
  explicit SqliteAccountStore(Connection& connection) : connection_(connection) {}

  [[nodiscard]] std::optional<User> find_user(UserId user) const override;
  [[nodiscard]] std::optional<User> find_user_by_phone(std::string_view phone_number) const override;
  void insert_user(const User& user) override;
  void update_user(const User& user) override;
  void set_last_seen(UserId user, Timestamp at) override;

  [[nodiscard]] std::optional<Device> find_device(DeviceId device) const override;
  [[nodiscard]] std::vector<Device> devices_of(UserId user) const override;
  void insert_device(const Device& device) override;
  void update_device(const Device& device) override;
  void delete_device(DeviceId device) override;

  [[nodiscard]] std::optional<RefreshToken> find_refresh_token(const TokenHash& hash) const override;
  void insert_refresh_token(const RefreshToken& token) override;
  void supersede_refresh_tokens(DeviceId device, Timestamp at) override;
  void forget_refresh_tokens(DeviceId device, Timestamp superseded_before) override;
  void delete_refresh_tokens(DeviceId device) override;

  [[nodiscard]] std::optional<Otp> find_otp(std::string_view phone_number) const override;
  void put_otp(const Otp& otp) override;
  void delete_otp(std::string_view phone_number) override;
  void delete_otps_expired_before(Timestamp time) override;

 private:
  Connection& connection_;

  mutable Query find_user_{
      connection_,
      "SELECT user_id, phone_number, display_name, about, avatar_media_id, last_seen_privacy, "
      "created_at, last_seen_at, deleted FROM users WHERE user_id = ?1"};
  mutable Query find_by_phone_{connection_,
                               "SELECT user_id, phone_number, display_name, about, avatar_media_id, "
                               "last_seen_privacy, created_at, last_seen_at, deleted FROM users "
                               "WHERE phone_number = ?1"};
  Query insert_user_{connection_,
                     "INSERT INTO users (user_id, phone_number, display_name, about, avatar_media_id, "
                     "last_seen_privacy, created_at, last_seen_at, deleted) "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"};
  Query update_user_{
      connection_,
      "UPDATE users SET phone_number = ?2, display_name = ?3, about = ?4, avatar_media_id = ?5, "
      "last_seen_privacy = ?6, deleted = ?7 WHERE user_id = ?1"};
  Query set_last_seen_{
      connection_, "UPDATE users SET last_seen_at = max(?2, coalesce(last_seen_at, 0)) WHERE user_id = ?1"};

  mutable Query find_device_{
      connection_,
      "SELECT device_id, user_id, name, push_platform, push_token, created_at, last_seen_at "
      "FROM devices WHERE device_id = ?1"};
  mutable Query devices_of_{
      connection_,
      "SELECT device_id, user_id, name, push_platform, push_token, created_at, last_seen_at "
      "FROM devices WHERE user_id = ?1 ORDER BY device_id"};
  Query insert_device_{
      connection_,
      "INSERT INTO devices (device_id, user_id, name, push_platform, push_token, created_at, "
      "last_seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
  Query update_device_{connection_,
                       "UPDATE devices SET name = ?2, push_platform = ?3, push_token = ?4, last_seen_at = ?5 "
                       "WHERE device_id = ?1"};
  Query delete_device_{connection_, "DELETE FROM devices WHERE device_id = ?1"};

  mutable Query find_token_{
      connection_, "SELECT device_id, issued_at, superseded_at FROM refresh_tokens WHERE token_hash = ?1"};
  Query insert_token_{connection_,
                      "INSERT INTO refresh_tokens (token_hash, device_id, issued_at, superseded_at) "
                      "VALUES (?1, ?2, ?3, ?4)"};
  Query supersede_{
      connection_,
      "UPDATE refresh_tokens SET superseded_at = ?2 WHERE device_id = ?1 AND superseded_at IS NULL"};
  // What was superseded before was issued before, which the index knows.
  Query forget_{connection_,
                "DELETE FROM refresh_tokens WHERE device_id = ?1 AND issued_at < ?2 AND superseded_at < ?2"};
  Query delete_tokens_{connection_, "DELETE FROM refresh_tokens WHERE device_id = ?1"};

  mutable Query find_otp_{connection_,
                          "SELECT code_hash, wrong_tries, expires_at FROM otps WHERE phone_number = ?1"};
  Query put_otp_{connection_,
                 "INSERT OR REPLACE INTO otps (phone_number, code_hash, wrong_tries, expires_at) "
                 "VALUES (?1, ?2, ?3, ?4)"};
  Query delete_otp_{connection_, "DELETE FROM otps WHERE phone_number = ?1"};
  Query delete_otps_{connection_, "DELETE FROM otps WHERE expires_at < ?1"};
};

}  // namespace sotto::server
