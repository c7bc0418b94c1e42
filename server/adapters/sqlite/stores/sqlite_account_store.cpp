#include "server/adapters/sqlite/stores/sqlite_account_store.hpp"

#include <algorithm>
#include <string>

namespace sotto::server {

namespace {
template <class Value>
std::optional<Value> optional_column(sqlite::Statement& row, int column, Value value) {
  return row.is_null(column) ? std::nullopt : std::optional<Value>(std::move(value));
}

User read_user(sqlite::Statement& row) {
  User user;
  user.id = row.id<UserId>(0);
  user.phone_number = row.text(1);
  user.display_name = row.text(2);
  user.about = row.text(3);
  user.avatar_media_id = optional_column(row, 4, static_cast<std::uint64_t>(row.int64(4)));
  user.privacy.last_seen = static_cast<LastSeenPrivacy>(row.int64(5));
  user.created_at = row.time(6);
  user.last_seen_at = optional_column(row, 7, row.time(7));
  user.deleted = row.boolean(8);
  return user;
}

Device read_device(sqlite::Statement& row) {
  Device device;
  device.id = row.id<DeviceId>(0);
  device.user = row.id<UserId>(1);
  device.name = row.text(2);
  device.push_platform = static_cast<PushPlatform>(row.int64(3));
  device.push_token = row.text(4);
  device.created_at = row.time(5);
  device.last_seen_at = row.time(6);
  return device;
}

TokenHash read_hash(ByteView bytes) {
  TokenHash hash{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
  return hash;
}

/// No number is NULL, of which a UNIQUE column may have many.
std::optional<std::string_view> number_of(const User& user) {
  if (user.phone_number.empty()) return std::nullopt;
  return user.phone_number;
}
}  // namespace

std::optional<User> SqliteAccountStore::find_user(UserId user) const {
  Use use(find_user_, user);
  return use.next() ? std::optional(read_user(*use.operator->())) : std::nullopt;
}

std::optional<User> SqliteAccountStore::find_user_by_phone(std::string_view phone_number) const {
  Use use(find_by_phone_, phone_number);
  return use.next() ? std::optional(read_user(*use.operator->())) : std::nullopt;
}

void SqliteAccountStore::insert_user(const User& user) {
  Use(insert_user_, user.id, number_of(user), std::string_view(user.display_name),
      std::string_view(user.about), user.avatar_media_id, user.privacy.last_seen, user.created_at,
      user.last_seen_at, user.deleted)
      .run();
}

void SqliteAccountStore::update_user(const User& user) {
  Use(update_user_, user.id, number_of(user), std::string_view(user.display_name),
      std::string_view(user.about), user.avatar_media_id, user.privacy.last_seen, user.deleted)
      .run();
}

void SqliteAccountStore::set_last_seen(UserId user, Timestamp at) {
  Use(set_last_seen_, user, at).run();
}

std::optional<Device> SqliteAccountStore::find_device(DeviceId device) const {
  Use use(find_device_, device);
  return use.next() ? std::optional(read_device(*use.operator->())) : std::nullopt;
}

std::vector<Device> SqliteAccountStore::devices_of(UserId user) const {
  std::vector<Device> devices;
  for (Use use(devices_of_, user); use.next();)
    devices.push_back(read_device(*use.operator->()));
  return devices;
}

void SqliteAccountStore::insert_device(const Device& device) {
  Use(insert_device_, device.id, device.user, std::string_view(device.name), device.push_platform,
      std::string_view(device.push_token), device.created_at, device.last_seen_at)
      .run();
}

void SqliteAccountStore::update_device(const Device& device) {
  Use(update_device_, device.id, std::string_view(device.name), device.push_platform,
      std::string_view(device.push_token), device.last_seen_at)
      .run();
}

void SqliteAccountStore::delete_device(DeviceId device) {
  Use(delete_device_, device).run();
  delete_refresh_tokens(device);
}

std::optional<RefreshToken> SqliteAccountStore::find_refresh_token(const TokenHash& hash) const {
  Use use(find_token_, ByteView(hash));
  if (!use.next()) return std::nullopt;
  return RefreshToken{hash, use->id<DeviceId>(0), use->time(1),
                      optional_column(*use.operator->(), 2, use->time(2))};
}

void SqliteAccountStore::insert_refresh_token(const RefreshToken& token) {
  Use(insert_token_, ByteView(token.hash), token.device, token.issued_at, token.superseded_at).run();
}

void SqliteAccountStore::supersede_refresh_tokens(DeviceId device, Timestamp at) {
  Use(supersede_, device, at).run();
}

void SqliteAccountStore::forget_refresh_tokens(DeviceId device, Timestamp superseded_before) {
  Use(forget_, device, superseded_before).run();
}

void SqliteAccountStore::delete_refresh_tokens(DeviceId device) {
  Use(delete_tokens_, device).run();
}

std::vector<Otp> SqliteAccountStore::otps_of(std::string_view phone_number, std::size_t limit) const {
  std::vector<Otp> otps;
  for (Use use(otps_of_, phone_number, limit); use.next();) {
    Otp otp;
    otp.row = use->int64(0);
    otp.phone_number = std::string(phone_number);
    otp.place = read_hash(use->blob(1));
    otp.asked_at = use->time(2);
    if (!use->is_null(3)) otp.code_hash = read_hash(use->blob(3));
    otp.wrong_tries = static_cast<int>(use->int64(4));
    otp.wrong_tries_elsewhere = static_cast<int>(use->int64(5));
    otps.push_back(std::move(otp));
  }
  return otps;
}

void SqliteAccountStore::insert_otp(const Otp& otp) {
  const std::optional<ByteView> code = otp.code_hash ? std::optional<ByteView>(*otp.code_hash) : std::nullopt;
  Use(insert_otp_, std::string_view(otp.phone_number), ByteView(otp.place), otp.asked_at, code,
      otp.wrong_tries, otp.wrong_tries_elsewhere)
      .run();
}

void SqliteAccountStore::update_otp(const Otp& otp) {
  Use(update_otp_, otp.row, otp.wrong_tries, otp.wrong_tries_elsewhere).run();
}

void SqliteAccountStore::use_up_otps(std::string_view phone_number) {
  Use(use_up_otps_, phone_number).run();
}

void SqliteAccountStore::forget_otps_asked_before(Timestamp time) {
  Use(forget_otps_, time).run();
}

std::vector<TokenHash> SqliteAccountStore::places_of(UserId user) const {
  std::vector<TokenHash> places;
  for (Use use(places_of_, user); use.next();)
    places.push_back(read_hash(use->blob(0)));
  return places;
}

void SqliteAccountStore::note_place(UserId user, const TokenHash& place, Timestamp at, std::size_t limit) {
  Use(note_place_, user, ByteView(place), at).run();
  Use(keep_places_, user, limit).run();
}

void SqliteAccountStore::forget_places(UserId user) {
  Use(forget_places_, user).run();
}

}  // namespace sotto::server
