#include "server/services/accounts/access_token.hpp"

#include <array>
#include <cstring>

#include <sodium.h>

#include "base/bytes.hpp"
#include "server/model/limits.hpp"

namespace sotto::server {

namespace {
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kSigned = 1 + 3 * 8;
using Token = std::array<std::uint8_t, kSigned + crypto_auth_BYTES>;
static_assert(kTokenKeyBytes == crypto_auth_KEYBYTES);
// A clock that is set right by so much makes nobody get a new token.
constexpr Milliseconds kClockStep = std::chrono::hours(24);

void put(std::uint8_t* out, std::uint64_t value) {
  for (int i = 7; i >= 0; --i, value >>= 8)
    out[i] = static_cast<std::uint8_t>(value);
}

std::uint64_t get(const std::uint8_t* in) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i)
    value = value << 8 | in[i];
  return value;
}
}  // namespace

std::string make_access_token(const SecretBytes& key, const Caller& caller, Timestamp expires_at) {
  Token token{};
  token[0] = kVersion;
  put(&token[1], caller.user.value);
  put(&token[9], caller.device.value);
  put(&token[17], static_cast<std::uint64_t>(to_unix_ms(expires_at)));
  crypto_auth(&token[kSigned], token.data(), kSigned, key.data());
  return to_base64url(token);
}

std::optional<AccessToken> read_access_token(const SecretBytes& key, std::string_view token, Timestamp now) {
  // Four characters for three bytes: anything much longer is not one of ours and is not worth decoding.
  if (token.size() > 2 * sizeof(Token)) return std::nullopt;
  const std::optional<Bytes> bytes = from_base64url(token);
  if (!bytes || bytes->size() != sizeof(Token) || bytes->front() != kVersion) return std::nullopt;
  const std::uint8_t* at = bytes->data();
  if (crypto_auth_verify(at + kSigned, at, kSigned, key.data()) != 0) return std::nullopt;
  const Timestamp expires_at = from_unix_ms(static_cast<std::int64_t>(get(at + 17)));
  if (now >= expires_at || expires_at - now > kAccessTokenLifetime + kClockStep) return std::nullopt;
  return AccessToken{{UserId{get(at + 1)}, DeviceId{get(at + 9)}}, expires_at};
}

}  // namespace sotto::server
