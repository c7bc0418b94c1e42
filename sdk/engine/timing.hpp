// Every time of the engine, with its reason. Sizes and counts are in bounds.hpp.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace sotto::engine {

using std::chrono::hours;
using std::chrono::seconds;

// ---- connecting. The driver keeps the three parts, the engine the whole.
inline constexpr Milliseconds kTcpTimeout = seconds(10);  ///< a lossy mobile network needs a few SYNs
inline constexpr Milliseconds kTlsTimeout = seconds(10);
inline constexpr Milliseconds kUpgradeTimeout = seconds(10);
/// Shorter than their sum: where all three are slow, the connection is dead.
inline constexpr Milliseconds kConnectTotalTimeout = seconds(25);
/// REST: a person waits for the answer.
inline constexpr Milliseconds kRequestTimeout = seconds(20);

// ---- reconnecting
/// The first attempt comes at once, spread a little: a restarted server must not meet everybody in one
/// instant.
inline constexpr Milliseconds kFirstRetryJitter{500};
/// Then full jitter on 1 s doubling to 30 s (long enough to spare batteries, short enough for a person).
inline constexpr Milliseconds kBackoffBase = seconds(1);
inline constexpr Milliseconds kBackoffCap = seconds(30);
/// A connection that has been healthy this long starts the backoff anew.
inline constexpr Milliseconds kHealthyAfter = seconds(60);
/// Jitter on top of the time a `going_away` gives.
inline constexpr Milliseconds kGoingAwayJitter = seconds(2);
/// The longest `reconnect_after_ms` or Retry-After that is obeyed; a server cannot silence a client for good.
inline constexpr Milliseconds kLongestServerDelay = std::chrono::minutes(5);

// ---- keep-alive
inline constexpr Milliseconds kPingEvery = seconds(25);  ///< NATs forget idle flows after 30 s
inline constexpr Milliseconds kPongWithin = seconds(5);
/// After a resume or a change of network the connection must answer a ping within this time.
inline constexpr Milliseconds kProbeWithin = seconds(3);
/// From connected to the server's hello.
inline constexpr Milliseconds kHelloWithin = seconds(10);

// ---- tokens
/// Refreshed this long before it expires, so that no request meets the edge.
inline constexpr Milliseconds kRefreshAhead = seconds(60);
/// A connection's new token could not be had: tried again well before the server ends the connection, 60 s
/// after the old token.
inline constexpr Milliseconds kRenewRetry = seconds(10);

// ---- outbox
inline constexpr Milliseconds kOutboxExpiry = hours(24);
/// No ack for this long with the connection alive: the connection is taken as broken and opened anew.
inline constexpr Milliseconds kAckWithin = seconds(30);
/// After `internal` or `rate_limited` without a time: doubling from 1 s to 30 s, with jitter.
inline constexpr Milliseconds kResendBase = seconds(1);
inline constexpr Milliseconds kResendCap = seconds(30);

// ---- catch-up and live batches: one commit for what arrives together
/// While catching up a batch waits this long for more; nobody sees the difference, fsync costs up to 3 ms.
inline constexpr Milliseconds kCatchUpBatchDelay{10};
/// Live: the first frame is stored at once, what follows within this time goes together.
inline constexpr Milliseconds kLiveBatchDelay{5};

// ---- receipts
inline constexpr Milliseconds kReadBatch = seconds(1);
/// After something was told, until the server is asked whether it is durable: bounds what the next connection
/// tells again.
inline constexpr Milliseconds kConfirmAfter = seconds(25);

// ---- making the search index of an earlier version anew
inline constexpr std::size_t kIndexedAtOnce = 500;  ///< about 15 ms, in which nothing else happens
inline constexpr Milliseconds kIndexEvery{50};      ///< leaves most of the time to the app

// ---- the rest
inline constexpr Milliseconds kTypingEvery = seconds(3);

/// Times from the server: 1970 to 2100. Beyond that arithmetic would overflow or a clock is broken.
constexpr bool is_plausible_time(std::int64_t unix_ms) {
  return unix_ms >= 0 && unix_ms < 4'102'444'800'000;
}

}  // namespace sotto::engine
