// People and their devices.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "server/model/identity.hpp"

namespace sotto::server {

/// Who sees when a person was last here, and whether they are now. Stored as these numbers.
enum class LastSeenPrivacy : std::uint8_t { everyone = 0, contacts = 1, nobody = 2 };

/// "everyone", "contacts", "nobody".
std::string_view to_string(LastSeenPrivacy privacy);
std::optional<LastSeenPrivacy> parse_last_seen_privacy(std::string_view text);

struct Privacy {
  LastSeenPrivacy last_seen = LastSeenPrivacy::everyone;
  friend bool operator==(const Privacy&, const Privacy&) = default;
};

struct User {
  UserId id;
  std::string phone_number;  ///< E.164; empty once deleted
  std::string display_name;
  std::string about;
  std::optional<std::uint64_t> avatar_media_id;
  Privacy privacy;
  Timestamp created_at{};
  std::optional<Timestamp> last_seen_at;
  bool deleted = false;  ///< the account is gone; the row stays so that old messages have a sender
};

/// Only a token's BLAKE2b hash is stored.
using TokenHash = std::array<std::uint8_t, 32>;

enum class PushPlatform : std::uint8_t { none = 0, apns = 1, fcm = 2 };

std::optional<PushPlatform> parse_push_platform(std::string_view text);
std::string_view to_string(PushPlatform platform);

struct Device {
  DeviceId id;
  UserId user;
  std::string name;
  PushPlatform push_platform = PushPlatform::none;
  std::string push_token;
  Timestamp created_at{};
  Timestamp last_seen_at{};
};

/// A refresh token that was given out. Used once, it is superseded by the next; a device may have two that
/// are not (the answer that brought the first was late, not lost), and the use of either supersedes the other
/// too.
struct RefreshToken {
  TokenHash hash{};
  DeviceId device;
  Timestamp issued_at{};
  std::optional<Timestamp> superseded_at;  ///< good until kRefreshGrace after
};

/// A code that was asked for. It is known for an hour, used or not, since that is what asking is limited by.
struct Otp {
  std::int64_t row = 0;  ///< the store's number of it
  std::string phone_number;
  TokenHash place{};  ///< a keyed hash of the network it was asked for from (client_network)
  Timestamp asked_at{};
  std::optional<TokenHash> code_hash;  ///< nothing once it was used
  int wrong_tries = 0;                 ///< from the place it was asked for from
  int wrong_tries_elsewhere = 0;
};

}  // namespace sotto::server
