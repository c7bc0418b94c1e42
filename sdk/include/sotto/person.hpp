// People and devices.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sotto/ids.hpp"
#include "sotto/time.hpp"

namespace sotto {

/// The account that is signed in on this device.
struct Account {
  UserId user_id;
  DeviceId device_id;
};

/// Who may see when this person was last online.
enum class LastSeenPrivacy : std::uint8_t { everyone = 1, contacts = 2, nobody = 3 };

struct Profile {
  UserId user_id;
  std::string display_name;
  std::string about;
  std::optional<std::string> avatar_media_id;
  /// Set in your own profile only.
  std::optional<LastSeenPrivacy> last_seen;
};

/// Fields that are not set stay unchanged.
struct ProfileUpdate {
  std::optional<std::string> display_name;
  std::optional<std::string> about;
  std::optional<std::string> avatar_media_id;
  std::optional<LastSeenPrivacy> last_seen;
};

struct Contact {
  UserId user_id;
  std::string display_name;
  std::string phone_number;  ///< E.164; "" if unknown
  bool is_blocked = false;
};

struct Device {
  DeviceId device_id;
  std::string name;
  Timestamp created_at{};
  std::optional<Timestamp> last_seen_at;
  bool is_current = false;  ///< the device that asks
};

struct Presence {
  UserId user_id;
  bool online = false;
  std::optional<Timestamp> last_seen_at;
};

}  // namespace sotto
