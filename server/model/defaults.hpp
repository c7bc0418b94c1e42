// What holds where an operator sets nothing, each value once: the configuration takes its defaults from here,
// and so do the parts of the server where tests make them without one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "base/protocol.hpp"

namespace sotto::server::defaults {

// ---- connections
inline constexpr std::size_t kConnections = 100'000;
inline constexpr std::size_t kConnectionsPerAddress = 1'000;
inline constexpr std::size_t kHeaderBytes = 16 * 1024;
// The largest body of the API is a group of 500 ids or 500 phone numbers: some 12 KiB.
inline constexpr std::size_t kBodyBytes = 64 * 1024;
inline constexpr Milliseconds kRequestTimeout = std::chrono::seconds(15);
inline constexpr Milliseconds kKeepAliveTimeout = std::chrono::seconds(60);
inline constexpr Milliseconds kPingInterval = std::chrono::seconds(30);
inline constexpr Milliseconds kSilenceLimit = std::chrono::seconds(75);  // two pings and a half
inline constexpr Milliseconds kReconnectSpread = std::chrono::seconds(10);
inline constexpr Milliseconds kDrainTimeout = std::chrono::seconds(10);

// ---- frames
inline constexpr std::uint32_t kFrameBytes = ProtocolLimits{}.frame_bytes;
inline constexpr std::size_t kQueuedBytes = 256 * 1024;
inline constexpr unsigned kFramesPerSecond = 20;
inline constexpr unsigned kFramesBurst = 100;
// A device that writes is a person or a bot; pictures go by URL.
inline constexpr std::uint64_t kBytesPerSecond = 128 * 1024;
inline constexpr std::uint64_t kBytesBurst = 2 * 1024 * 1024;

// ---- messages, groups, presence
inline constexpr std::size_t kGroupMembers = ProtocolLimits{}.group_members;
inline constexpr std::size_t kWriteFanoutMembers = 100;
inline constexpr Milliseconds kReceiptFlush{500};
inline constexpr Milliseconds kPresenceTtl = std::chrono::seconds(90);
inline constexpr Milliseconds kPresenceHeartbeat = std::chrono::seconds(60);
inline constexpr Milliseconds kLastSeenInterval = std::chrono::hours(1);

// ---- the clock
// A clock that is further behind gives ids, and with them times, that no other machine can follow
// (guarantees.md).
inline constexpr Milliseconds kClockLag = std::chrono::seconds(5);
// A server that was off for a night goes on at once; a clock that is a month ahead does not.
inline constexpr Milliseconds kClockJump = std::chrono::hours(24);

// ---- storage and senders
inline constexpr unsigned kStorageReaders = 2;
inline constexpr Milliseconds kOtpWebhookTimeout = std::chrono::seconds(5);

// ---- rates
inline constexpr std::uint32_t kRestReadsPerSecond = 20;
inline constexpr std::uint32_t kRestReadBurst = 300;
inline constexpr std::uint32_t kRestWritesPerSecond = 5;
inline constexpr std::uint32_t kRestWriteBurst = 60;
inline constexpr std::uint32_t kLoginsPerMinute = 10;
inline constexpr std::uint32_t kOtpPerHour = 5;
inline constexpr std::uint32_t kContactLookupsPerDay = 5'000;  // enough for an address book

}  // namespace sotto::server::defaults
