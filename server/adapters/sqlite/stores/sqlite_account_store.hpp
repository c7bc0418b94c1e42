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

  [[nodiscard]] std::vector<Otp> otps_of(std::string_view phone_number, std::size_t limit) const override;
  void insert_otp(const Otp& otp) override;
  void update_otp(const Otp& otp) override;
  void use_up_otps(std::string_view phone_number) override;
  void forget_otps_asked_before(Timestamp time) override;

  [[nodiscard]] std::vector<TokenHash> places_of(UserId user) const override;
  void note_place(UserId user, const TokenHash& place, Timestamp at, std::size_t limit) override;
  void forget_places(UserId user) override;

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

  mutable Query otps_of_{
      connection_,
      "SELECT code_id, place, asked_at, code_hash, wrong_tries, wrong_tries_elsewhere FROM sign_in_codes "
      "WHERE phone_number = ?1 ORDER BY asked_at DESC, code_id DESC LIMIT ?2"};
  Query insert_otp_{connection_,
                    "INSERT INTO sign_in_codes (phone_number, place, asked_at, code_hash, wrong_tries, "
                    "wrong_tries_elsewhere) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"};
  Query update_otp_{
      connection_,
      "UPDATE sign_in_codes SET wrong_tries = ?2, wrong_tries_elsewhere = ?3 WHERE code_id = ?1"};
  Query use_up_otps_{connection_, "UPDATE sign_in_codes SET code_hash = NULL WHERE phone_number = ?1"};
  Query forget_otps_{connection_, "DELETE FROM sign_in_codes WHERE asked_at < ?1"};

  mutable Query places_of_{connection_, "SELECT place FROM sign_in_places WHERE user_id = ?1"};
  Query note_place_{connection_,
                    "INSERT OR REPLACE INTO sign_in_places (user_id, place, last_at) VALUES (?1, ?2, ?3)"};
  Query keep_places_{
      connection_,
      "DELETE FROM sign_in_places WHERE user_id = ?1 AND place NOT IN (SELECT place FROM sign_in_places "
      "WHERE user_id = ?1 ORDER BY last_at DESC LIMIT ?2)"};
  Query forget_places_{connection_, "DELETE FROM sign_in_places WHERE user_id = ?1"};
};

}  // namespace sotto::server
