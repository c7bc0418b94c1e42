#include "server/services/accounts/auth_service.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <sodium.h>

#include "base/bytes.hpp"
#include "server/config/address.hpp"
#include "server/ports/store.hpp"
#include "server/services/accounts/access_token.hpp"
#include "server/services/accounts/device_service.hpp"
#include "server/services/text_rules.hpp"

namespace sotto::server {

namespace {
constexpr std::string_view kDevCode = "000000";
constexpr std::size_t kRefreshTokenBytes = 32;
// Reuse of a token is noticed for this long after another has taken its place. A device refreshes hourly, so
// this is about 700 rows.
constexpr Milliseconds kReuseMemory = std::chrono::hours(24 * 30);
// What codes are limited by. A code that is over is known as such for as long ("expired", not "wrong").
constexpr Milliseconds kOtpMemory = std::chrono::hours(1);
// More than can be asked for in that time within the limits; without limits the newest are enough.
constexpr std::size_t kOtpsLooked = 200;
// Attackers who hold more addresses than this are not stopped by a limit for each.
constexpr std::size_t kLimiterKeys = 100'000;

TokenHash hash_token(std::string_view token) {
  TokenHash hash{};
  const ByteView bytes = as_bytes(token);
  crypto_generichash(hash.data(), hash.size(), bytes.data(), bytes.size(), nullptr, 0);
  return hash;
}

std::string make_code(Random& random) {
  std::string code;
  for (int i = 0; i < kOtpDigits; ++i)
    code += static_cast<char>('0' + random.below(10));
  return code;
}

ServiceError bad_phone_number() {
  return refuse(ServiceCode::bad_request, "phone_number: must be in E.164 form, such as +4915112345678");
}
}  // namespace

AuthService::AuthService(const Limits& limits, SecretBytes token_key, bool accept_dev_code)
    : limits_(limits),
      token_key_(std::move(token_key)),
      accept_dev_code_(accept_dev_code),
      per_network_(limits.logins_per_minute, std::chrono::minutes(1), kLimiterKeys),
      per_device_(kRefreshesPerHour, std::chrono::hours(1), kLimiterKeys) {}

ServiceResult<void> AuthService::limit_address(const std::string& address, Timestamp now) {
  if (!limits_.rate_limits) return {};
  const Milliseconds wait = per_network_.take(client_network(address), now);
  if (wait > Milliseconds(0)) return refuse_rate("too many attempts to sign in from this address", wait);
  return {};
}

TokenHash AuthService::hash_code(std::string_view phone_number, std::string_view code) const {
  // Keyed: a million codes are tried in no time by whoever has only the hash.
  const std::string input = std::string(phone_number) + '|' + std::string(code);
  const ByteView bytes = as_bytes(input);
  TokenHash hash{};
  crypto_generichash(hash.data(), hash.size(), bytes.data(), bytes.size(), token_key_.data(),
                     token_key_.size());
  return hash;
}

TokenHash AuthService::place_of(std::string_view address) const {
  // Keyed: addresses are few enough to be tried.
  const std::string input = "place|" + client_network(address);
  const ByteView bytes = as_bytes(input);
  TokenHash hash{};
  crypto_generichash(hash.data(), hash.size(), bytes.data(), bytes.size(), token_key_.data(),
                     token_key_.size());
  return hash;
}

ServiceResult<void> AuthService::limit_codes(const Store& store, const std::string& phone_number,
                                             const TokenHash& place, Timestamp now) const {
  if (!limits_.rate_limits) return {};
  std::vector<TokenHash> known;
  if (const auto user = store.accounts().find_user_by_phone(phone_number))
    known = store.accounts().places_of(user->id);
  const auto is_known = [&](const TokenHash& each) {
    return std::find(known.begin(), known.end(), each) != known.end();
  };
  std::vector<Timestamp> from_here, from_strangers;  // newest first
  for (const Otp& otp : store.accounts().otps_of(phone_number, kOtpsLooked)) {
    if (now - otp.asked_at >= kOtpMemory) continue;
    if (otp.place == place) from_here.push_back(otp.asked_at);
    if (!is_known(otp.place)) from_strangers.push_back(otp.asked_at);
  }
  const auto check = [&](const std::vector<Timestamp>& asked, std::size_t most) -> ServiceResult<void> {
    if (asked.size() < most) return {};
    const Timestamp again = asked[most - 1] + kOtpMemory;
    return refuse_rate("too many codes were asked for with this number",
                       std::max(again - now, Milliseconds(1)));
  };
  const std::size_t most = limits_.otp_per_hour;
  if (auto ok = check(from_here, most); !ok) return ok;
  // Strangers together have a limit of their own, which does not stop whoever has signed in from here before.
  return is_known(place) ? ServiceResult<void>() : check(from_strangers, most * kOtpStrangers);
}

ServiceResult<OtpMessage> AuthService::request_otp(Store& store, WriteContext& context,
                                                   const OtpRequest& request) {
  if (!is_phone_number(request.phone_number)) return bad_phone_number();
  if (auto allowed = limit_address(request.remote_address, context.now); !allowed) return allowed.error();
  store.accounts().forget_otps_asked_before(context.now - kOtpMemory);
  const TokenHash place = place_of(request.remote_address);
  if (auto allowed = limit_codes(store, request.phone_number, place, context.now); !allowed)
    return allowed.error();
  OtpMessage message{request.phone_number, make_code(context.random)};
  Otp otp;
  otp.phone_number = request.phone_number;
  otp.place = place;
  otp.asked_at = context.now;
  otp.code_hash = hash_code(message.phone_number, message.code);
  store.accounts().insert_otp(otp);
  return message;
}

ServiceResult<void> AuthService::check_otp(Store& store, const WriteContext& context,
                                           const LoginRequest& request) const {
  if (accept_dev_code_ && request.otp == kDevCode) return {};
  const TokenHash here = place_of(request.remote_address);
  // Of each place the newest; the others have been replaced.
  std::vector<Otp> open;
  bool expired = false;
  for (Otp& otp : store.accounts().otps_of(request.phone_number, kOtpsLooked)) {
    const bool replaced =
        std::any_of(open.begin(), open.end(), [&](const Otp& newer) { return newer.place == otp.place; });
    if (replaced || !otp.code_hash) continue;
    if (context.now >= otp.asked_at + kOtpLifetime)
      expired = true;
    else
      open.push_back(std::move(otp));
  }
  if (open.empty()) {
    if (expired) return refuse(ServiceCode::otp_expired, "otp: the code has expired; ask for a new one");
    return refuse(ServiceCode::otp_invalid, "otp: wrong code");
  }
  std::erase_if(open, [&](const Otp& otp) {
    return otp.place == here ? otp.wrong_tries >= kOtpTries : otp.wrong_tries_elsewhere >= kOtpTriesElsewhere;
  });
  if (open.empty())
    return refuse(ServiceCode::otp_exhausted, "otp: too many wrong tries; ask for a new code");

  const TokenHash tried = hash_code(request.phone_number, request.otp);
  bool right = false;
  for (const Otp& otp : open)
    right = equal_constant_time(*otp.code_hash, tried) || right;
  if (right) {
    store.accounts().use_up_otps(request.phone_number);
    return {};
  }
  for (Otp& otp : open) {
    ++(otp.place == here ? otp.wrong_tries : otp.wrong_tries_elsewhere);
    store.accounts().update_otp(otp);
  }
  return refuse(ServiceCode::otp_invalid, "otp: wrong code");
}

User AuthService::find_or_create_user(Store& store, WriteContext& context, const std::string& phone_number) {
  if (std::optional<User> known = store.accounts().find_user_by_phone(phone_number)) return *std::move(known);
  User user;
  user.id = context.next_id<UserId>();
  user.phone_number = phone_number;
  user.created_at = context.now;
  store.accounts().insert_user(user);
  return user;
}

Device AuthService::find_or_create_device(Store& store, WriteContext& context, const User& user,
                                          const LoginRequest& request) {
  AccountStore& accounts = store.accounts();
  if (request.device_id) {
    std::optional<Device> known = accounts.find_device(*request.device_id);
    if (known && known->user == user.id) {
      if (request.device_name) known->name = *request.device_name;
      known->last_seen_at = context.now;
      accounts.update_device(*known);
      accounts.delete_refresh_tokens(known->id);
      return *std::move(known);
    }
  }
  std::vector<Device> devices = accounts.devices_of(user.id);
  if (devices.size() >= kMaxDevices) {
    auto oldest = std::min_element(devices.begin(), devices.end(), [](const Device& a, const Device& b) {
      return a.last_seen_at < b.last_seen_at;
    });
    revoke_device(store, context, user.id, oldest->id);
  }
  Device device;
  device.id = context.next_id<DeviceId>();
  device.user = user.id;
  device.name = request.device_name.value_or("");
  device.created_at = context.now;
  device.last_seen_at = context.now;
  accounts.insert_device(device);
  return device;
}

ServiceResult<TokenPair> AuthService::login(Store& store, WriteContext& context,
                                            const LoginRequest& request) {
  if (!is_phone_number(request.phone_number)) return bad_phone_number();
  if (request.device_name) {
    const TextRule rule{.field = "device_name", .least = 1, .most = kMaxDeviceName};
    if (auto ok = check_text(rule, *request.device_name); !ok) return ok.error();
  }
  if (auto allowed = limit_address(request.remote_address, context.now); !allowed) return allowed.error();
  if (auto right = check_otp(store, context, request); !right) return right.error();

  const User user = find_or_create_user(store, context, request.phone_number);
  store.accounts().note_place(user.id, place_of(request.remote_address), context.now, kOtpPlaces);
  const Device device = find_or_create_device(store, context, user, request);
  return issue(store, context, {user.id, device.id});
}

TokenPair AuthService::issue(Store& store, WriteContext& context, const Caller& caller) const {
  std::array<std::uint8_t, kRefreshTokenBytes> secret{};
  context.random.fill(secret);
  TokenPair pair;
  pair.refresh_token = to_base64url(secret);
  wipe(secret);
  pair.access_token = make_access_token(token_key_, caller, context.now + kAccessTokenLifetime);
  pair.expires_in = kAccessTokenLifetime;
  pair.caller = caller;
  store.accounts().insert_refresh_token(
      {hash_token(pair.refresh_token), caller.device, context.now, std::nullopt});
  return pair;
}

ServiceResult<TokenPair> AuthService::refresh(Store& store, WriteContext& context,
                                              std::string_view refresh_token) {
  AccountStore& accounts = store.accounts();
  const ServiceError refused = refuse(ServiceCode::unauthorized, "refresh_token: not valid; sign in again");
  const std::optional<RefreshToken> token = accounts.find_refresh_token(hash_token(refresh_token));
  if (!token) return refused;
  std::optional<Device> device = accounts.find_device(token->device);
  if (!device) return refused;
  if (token->superseded_at && context.now >= *token->superseded_at + kRefreshGrace) {
    // Two have it: the device and somebody else. Whichever this is, both are out.
    revoke_device(store, context, device->user, device->id);
    return refused;
  }
  if (limits_.rate_limits) {
    const Milliseconds wait = per_device_.take(device->id.value, context.now);
    if (wait > Milliseconds(0)) return refuse_rate("too many refreshes of this device", wait);
  }
  // Used a second time within its grace: the first answer was lost, or is late. Its successor stays good,
  // since only the device knows which answer arrived; using either supersedes both.
  if (!token->superseded_at) accounts.supersede_refresh_tokens(device->id, context.now);
  accounts.forget_refresh_tokens(device->id, context.now - kReuseMemory);
  device->last_seen_at = context.now;
  accounts.update_device(*device);
  return issue(store, context, {device->user, device->id});
}

ServiceResult<void> AuthService::logout(Store& store, WriteContext& context, const Caller& caller) {
  revoke_device(store, context, caller.user, caller.device);
  return {};
}

std::optional<Caller> AuthService::bearer(Timestamp now, std::string_view access_token) const {
  const std::optional<AccessToken> token = read_access_token(token_key_, access_token, now);
  return token ? std::optional(token->caller) : std::nullopt;
}

ServiceResult<Caller> AuthService::authenticate(const Store& store, Timestamp now,
                                                std::string_view access_token) const {
  const ServiceResult<Bearer> bearer = bearer_of(store, now, access_token);
  if (!bearer) return bearer.error();
  return bearer->caller;
}

ServiceResult<Bearer> AuthService::bearer_of(const Store& store, Timestamp now,
                                             std::string_view access_token) const {
  const std::optional<AccessToken> token = read_access_token(token_key_, access_token, now);
  if (!token) return refuse(ServiceCode::unauthorized, "the access token is not valid or has expired");
  const std::optional<Device> device = store.accounts().find_device(token->caller.device);
  if (!device || device->user != token->caller.user) {
    return refuse(ServiceCode::unauthorized, "this device has been signed out");
  }
  return Bearer{token->caller, token->expires_at - now};
}

}  // namespace sotto::server
