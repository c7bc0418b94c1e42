// Every limit of the server in one place: what is fixed by the protocol as constants, what an operator may
// change as `Limits`, whose defaults are in defaults.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "base/protocol.hpp"
#include "server/model/defaults.hpp"

namespace sotto::server {

// What clients are told in `hello`, with units and reasons in base/protocol.hpp.
inline constexpr ProtocolLimits kProtocol{};
inline constexpr std::size_t kMaxDisplayName = kProtocol.display_name;
inline constexpr std::size_t kMaxGroupName = kProtocol.group_name;
inline constexpr std::size_t kMaxAbout = kProtocol.about;
inline constexpr std::size_t kMaxDeviceName = kProtocol.device_name;
inline constexpr std::size_t kMaxMediaUrl = kProtocol.media_url_bytes;
inline constexpr std::size_t kMaxPhoneLookups = kProtocol.phone_numbers;
inline constexpr std::size_t kMaxDelivered = kProtocol.delivered_ids;
inline constexpr std::size_t kMaxPresence = kProtocol.presence_users;
// Bytes.
inline constexpr std::size_t kMaxPushToken = 4096;   // FCM's are up to 4 KB, APNs' far smaller
inline constexpr std::size_t kMaxCreationKey = 128;  // an Idempotency-Key header
inline constexpr std::size_t kMaxDevices = 32;       // of one user; the longest unused makes room
inline constexpr std::size_t kMaxContacts = 10'000;
inline constexpr std::size_t kMaxBlocks = 10'000;

/// People in a group, at the most an operator may allow: all of them in one answer of kPageBytes (90 bytes of
/// JSON each), and in one frame, which every client takes up to 1 MiB.
inline constexpr std::size_t kMaxGroupMembers = 2'000;
/// An id in the body of a request: 19 digits in quotes, and a comma.
inline constexpr std::size_t kIdInBody = 22;
/// What else is in the body that makes a group: its name, each code point as two escapes of six bytes.
inline constexpr std::size_t kGroupBodyHead = kMaxGroupName * 12 + 64;

inline constexpr std::size_t kDefaultPage = 50;
inline constexpr std::size_t kMaxPage = kProtocol.page_items;
/// Bytes of an answer in JSON that is a page: what a client takes in one go, and small enough that a crowd
/// that asks and does not read cannot fill the memory. A page ends before the element that would pass it; one
/// that is larger by itself is a page of its own.
inline constexpr std::size_t kPageBytes = 256 * 1024;
/// Contacts in a page: each is a look at the store.
inline constexpr std::size_t kContactsPage = 500;

inline constexpr int kOtpDigits = 6;
inline constexpr int kOtpTries = 5;  // five guesses at a million codes, from where the code was asked for
// From anywhere else, all together: a phone may change its network between asking and typing. Few, so that
// they cannot be used to guess; and that they are used up takes nothing from whoever asked.
inline constexpr int kOtpTriesElsewhere = 3;
// Codes an hour for one number, asked for from networks its owner has never signed in from: so many times
// what one network may ask for. Bounds what a person can be bothered with, and how often can be guessed.
inline constexpr std::size_t kOtpStrangers = 3;
inline constexpr std::size_t kOtpPlaces = 8;  // networks a person has signed in from that are remembered
inline constexpr Milliseconds kOtpLifetime = std::chrono::minutes(5);
inline constexpr Milliseconds kAccessTokenLifetime = std::chrono::hours(1);
// How long the refresh token before the last is good: a lost answer must not log anyone out, and a network
// may be gone for minutes right after the question. Whoever stole a token is noticed at the first use after
// that.
inline constexpr Milliseconds kRefreshGrace = std::chrono::minutes(10);
// Of one device: a token lasts an hour, and there is room for every lost answer. Each one is a row that is
// kept for a month.
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
  // REST requests of one account: sustained, and at once. A new device asks for its inbox and then for the
  // members of each group; people change things rarely, and a change is told to others.
  std::uint32_t rest_reads_per_second = defaults::kRestReadsPerSecond;
  std::uint32_t rest_read_burst = defaults::kRestReadBurst;
  std::uint32_t rest_writes_per_second = defaults::kRestWritesPerSecond;
  std::uint32_t rest_write_burst = defaults::kRestWriteBurst;
  std::uint32_t logins_per_minute = defaults::kLoginsPerMinute;  ///< logins and codes asked for, per address
  std::uint32_t otp_per_hour = defaults::kOtpPerHour;  ///< codes for one phone number, from one address
  std::uint32_t contact_lookups_per_day = defaults::kContactLookupsPerDay;  ///< numbers looked up by one user

  friend bool operator==(const Limits&, const Limits&) = default;
};

/// What a client is told in `hello`: whatever keeps to it fits in a frame, in JSON too.
constexpr ProtocolLimits protocol_limits(const Limits& limits) {
  constexpr std::size_t kIdInJson = 24;      // 20 digits, two quotes, a comma
  constexpr std::size_t kRestOfFrame = 256;  // the type, a conversation's id, the names of the fields
  const std::size_t ids =
      limits.frame_bytes > kRestOfFrame ? (limits.frame_bytes - kRestOfFrame) / kIdInJson : 1;
  const auto at_most = [](std::uint32_t limit, std::size_t fits) {
    return static_cast<std::uint32_t>(std::min<std::size_t>(limit, fits));
  };
  ProtocolLimits told;
  told.frame_bytes = static_cast<std::uint32_t>(limits.frame_bytes);
  told.text_bytes = text_bytes_of_frame(limits.frame_bytes);
  told.media_url_bytes = at_most(told.media_url_bytes, limits.frame_bytes / 4);
  told.group_members = static_cast<std::uint32_t>(limits.group_members);
  told.delivered_ids = at_most(told.delivered_ids, ids);
  told.presence_users = at_most(told.presence_users, ids);
  return told;
}

}  // namespace sotto::server
