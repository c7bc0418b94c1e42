#include "server/services/accounts/auth_service.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <sodium.h>

#include "base/bytes.hpp"
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
// A code that is over is known as such for a while ("expired", not "wrong").
constexpr Milliseconds kExpiredMemory = std::chrono::hours(1);
// Attackers who hold more addresses or numbers than this are not stopped by a limit for each.
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

bool is_phone_number(std::string_view text) {
  if (text.size() < 8 || text.size() > 16 || text[0] != '+' || text[1] == '0') return false;
  return std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

AuthService::AuthService(const Limits& limits, SecretBytes token_key, bool accept_dev_code)
    : limits_(limits),
      token_key_(std::move(token_key)),
      accept_dev_code_(accept_dev_code),
      per_address_(limits.logins_per_minute, std::chrono::minutes(1), kLimiterKeys),
      per_number_(limits.otp_per_hour, std::chrono::hours(1), kLimiterKeys),
      per_device_(kRefreshesPerHour, std::chrono::hours(1), kLimiterKeys) {}

ServiceResult<void> AuthService::limit_address(const std::string& address, Timestamp now) {
  if (!limits_.rate_limits) return {};
  const Milliseconds wait = per_address_.take(address, now);
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

ServiceResult<OtpMessage> AuthService::request_otp(Store& store, WriteContext& context,
                                                   const OtpRequest& request) {
  if (!is_phone_number(request.phone_number)) return bad_phone_number();
  if (auto allowed = limit_address(request.remote_address, context.now); !allowed) return allowed.error();
  if (limits_.rate_limits) {
    const Milliseconds wait = per_number_.take(request.phone_number, context.now);
    if (wait > Milliseconds(0)) return refuse_rate("too many codes were asked for with this number", wait);
  }
  store.accounts().delete_otps_expired_before(context.now - kExpiredMemory);
  OtpMessage message{request.phone_number, make_code(context.random)};
  store.accounts().put_otp(
      {request.phone_number, hash_code(message.phone_number, message.code), 0, context.now + kOtpLifetime});
  return message;
}

ServiceResult<void> AuthService::check_otp(Store& store, const WriteContext& context,
                                           const LoginRequest& request) const {
  if (accept_dev_code_ && request.otp == kDevCode) return {};
  std::optional<Otp> otp = store.accounts().find_otp(request.phone_number);
  if (!otp) return refuse(ServiceCode::otp_invalid, "otp: wrong code");
  if (context.now >= otp->expires_at) {
    return refuse(ServiceCode::otp_expired, "otp: the code has expired; ask for a new one");
  }
  if (otp->wrong_tries >= kOtpTries) {
    return refuse(ServiceCode::otp_exhausted, "otp: too many wrong tries; ask for a new code");
  }
  if (!equal_constant_time(otp->code_hash, hash_code(request.phone_number, request.otp))) {
    ++otp->wrong_tries;
    store.accounts().put_otp(*otp);
    return refuse(ServiceCode::otp_invalid, "otp: wrong code");
  }
  store.accounts().delete_otp(request.phone_number);
  return {};
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
