// Access tokens: who, which device, until when, under a MAC (libsodium crypto_auth) with the server's key.
// Whether the device still exists is looked up at each use, so a revoked one is out at once.
//
//   base64url( version 1 | user 8 | device 8 | expiry 8 (ms, big-endian) | MAC 32 )
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "server/model/identity.hpp"

namespace sotto::server {

inline constexpr std::size_t kTokenKeyBytes = 32;  // crypto_auth_KEYBYTES

std::string make_access_token(const SecretBytes& key, const Caller& caller, Timestamp expires_at);
struct AccessToken {
  Caller caller;
  Timestamp expires_at;
};
/// Nothing: not ours, changed, or expired at `now`. Also one that lasts longer than any token given out at
/// `now`: it was made by a clock that was ahead, and would otherwise be good until that time.
std::optional<AccessToken> read_access_token(const SecretBytes& key, std::string_view token, Timestamp now);

}  // namespace sotto::server
