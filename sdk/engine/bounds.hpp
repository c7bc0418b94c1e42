// Every size and count that the engine bounds itself by, with its reason. What the server bounds is told by
// it (Core::limits).
#pragma once

#include <cstddef>

namespace sotto::engine {

// ---- outbox
/// Messages of a conversation that wait for their ack: hides the round trip, bounds the resend.
inline constexpr std::size_t kInFlightPerConversation = 32;
/// Over all conversations: what may wait in the socket and be answered late. 256 x 16 KiB are 4 MiB.
inline constexpr std::size_t kInFlightTotal = 256;
/// An app cannot queue more than this many unsent messages: 100,000 is a bot gone wild.
inline constexpr std::size_t kOutboxLimit = 100'000;

// ---- catch-up and live batches: one commit for what arrives together
inline constexpr std::size_t kBatchItems = 512;          ///< about 10 ms of inserting
inline constexpr std::size_t kBatchBytes = 1024 * 1024;  ///< bounds memory whatever the server sends

// ---- requests
/// REST calls at once; more fail with `rate_limited`.
inline constexpr std::size_t kMaxPendingRequests = 256;
/// A REST answer: one message of 1 MiB whose characters all take six bytes in JSON, with what stands around
/// it.
inline constexpr std::size_t kMaxAnswerBytes = std::size_t{8} << 20;

// ---- the app
inline constexpr std::size_t kMaxOperations = 10'000;
inline constexpr std::size_t kMaxViews = 256;
/// Messages or search hits on one page that the app asks for.
inline constexpr std::size_t kMaxPage = 100;
inline constexpr std::size_t kMaxSearchBytes = 1024;
inline constexpr std::size_t kMaxDraftBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kSendSamples = 256;  ///< for p50 and p95

}  // namespace sotto::engine
