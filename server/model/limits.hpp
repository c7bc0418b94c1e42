// Every limit of the server in one place: what is fixed by the protocol as constants, what an operator may
// change as `Limits`. Each with the reason for its value.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"

namespace sotto::server {

// Code points, not bytes, so that a name has the same length in every script.
inline constexpr std::size_t kMaxDisplayName = 100;  // a line on a phone, and room for long names
inline constexpr std::size_t kMaxGroupName = 100;
inline constexpr std::size_t kMaxAbout = 500;
inline constexpr std::size_t kMaxDeviceName = 100;
// Bytes.
inline constexpr std::size_t kMaxMediaUrl = 2048;     // what browsers and proxies take
inline constexpr std::size_t kMaxPushToken = 4096;    // FCM's are up to 4 KB, APNs' far smaller
inline constexpr std::size_t kMaxCreationKey = 128;   // an Idempotency-Key header
inline constexpr std::size_t kMaxPhoneLookups = 500;  // numbers in one contact discovery
inline constexpr std::size_t kMaxDelivered = 1000;    // message ids in one `delivered` frame
inline constexpr std::size_t kMaxPresence = 1000;     // user ids in one subscription
inline constexpr std::size_t kMaxDevices = 32;        // of one user; the longest unused makes room
inline constexpr std::size_t kMaxContacts = 10'000;
inline constexpr std::size_t kMaxBlocks = 10'000;

inline constexpr std::size_t kDefaultPage = 50;
inline constexpr std::size_t kMaxPage = 100;

inline constexpr int kOtpDigits = 6;
inline constexpr int kOtpTries = 5;  // five guesses at a million codes
inline constexpr Milliseconds kOtpLifetime = std::chrono::minutes(5);
inline constexpr Milliseconds kAccessTokenLifetime = std::chrono::hours(1);
// How long the refresh token before the last is good: a lost answer must not log anyone out.
inline constexpr Milliseconds kRefreshGrace = std::chrono::seconds(60);

/// What the configuration may change; the values here are its defaults.
struct Limits {
  std::size_t frame_bytes = 64 * 1024;
  std::size_t group_members = 500;
  /// Conversations with more members are stored once and read from their log.
  std::size_t write_fanout_members = 100;
  bool require_encryption = false;
  Milliseconds receipt_flush = Milliseconds(500);
  Milliseconds presence_ttl = std::chrono::seconds(90);
  Milliseconds presence_heartbeat = std::chrono::seconds(60);
  Milliseconds last_seen_interval = std::chrono::hours(1);
  /// Days messages are kept; 0: for ever.
  std::uint32_t retention_days = 0;

  /// False (`--dev`): the limits below do not apply.
  bool rate_limits = true;
  std::uint32_t logins_per_minute = 10;  ///< logins and codes asked for, per address
  std::uint32_t otp_per_hour = 5;        ///< codes for one phone number
  /// Numbers looked up by one user: enough for an address book.
  std::uint32_t contact_lookups_per_day = 5000;
};

}  // namespace sotto::server
