// Every limit of the server in one place: what is fixed by the protocol as constants, what an operator may
// change as `Limits`, whose defaults are in defaults.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "server/model/defaults.hpp"

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
// Of one device: a token lasts an hour, and there is room for every lost answer. Each one is a row that is kept
// for a month.
inline constexpr std::uint32_t kRefreshesPerHour = 20;

/// What the configuration may change.
struct Limits {
  std::size_t frame_bytes = defaults::kFrameBytes;
  std::size_t group_members = defaults::kGroupMembers;
  /// Conversations with more members are stored once and read from their log.
  std::size_t write_fanout_members = defaults::kWriteFanoutMembers;
  bool require_encryption = false;
  Milliseconds receipt_flush = defaults::kReceiptFlush;
  Milliseconds presence_ttl = defaults::kPresenceTtl;
  Milliseconds presence_heartbeat = defaults::kPresenceHeartbeat;
  Milliseconds last_seen_interval = defaults::kLastSeenInterval;
  /// Days messages are kept; 0: for ever.
  std::uint32_t retention_days = 0;
  /// A clock further ahead than this of the time last believed is not believed by retention for a day.
  Milliseconds clock_jump = defaults::kClockJump;

  /// False (`--dev`): the limits below do not apply.
  bool rate_limits = true;
  std::uint32_t logins_per_minute = defaults::kLoginsPerMinute;  ///< logins and codes asked for, per address
  std::uint32_t otp_per_hour = defaults::kOtpPerHour;            ///< codes for one phone number
  std::uint32_t contact_lookups_per_day = defaults::kContactLookupsPerDay;  ///< numbers looked up by one user

  friend bool operator==(const Limits&, const Limits&) = default;
};

}  // namespace sotto::server
