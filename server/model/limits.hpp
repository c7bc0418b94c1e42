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

/// People in a group, at the most an operator may allow: all of them in one answer of kPageBytes (90 bytes of
/// JSON each), and in one frame, which every client takes up to 1 MiB.
inline constexpr std::size_t kMaxGroupMembers = 2'800;
/// An id in the body of a request: 19 digits in quotes, and a comma.
inline constexpr std::size_t kIdInBody = 22;
/// What else is in the body that makes a group: its name, each code point as two escapes of six bytes.
inline constexpr std::size_t kGroupBodyHead = kMaxGroupName * 12 + 64;

inline constexpr std::size_t kDefaultPage = 50;
inline constexpr std::size_t kMaxPage = 100;
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
  // REST requests of one account: sustained, and at once. A new device asks for its inbox and then for the
  // members of each group; people change things rarely, and a change is told to others.
  std::uint32_t rest_reads_per_second = 20;
  std::uint32_t rest_read_burst = 300;
  std::uint32_t rest_writes_per_second = 5;
  std::uint32_t rest_write_burst = 60;
  std::uint32_t logins_per_minute = 10;  ///< logins and codes asked for, per address
  std::uint32_t otp_per_hour = 5;        ///< codes for one phone number, from one address
  /// Numbers looked up by one user: enough for an address book.
  std::uint32_t contact_lookups_per_day = 5000;
};

}  // namespace sotto::server
