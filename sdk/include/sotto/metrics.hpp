// Counts and times of this client since it was opened. They stay on this device: the library sends no
// telemetry.
#pragma once

#include <cstdint>

#include "sotto/time.hpp"

namespace sotto {

struct Metrics {
  /// From `send` to the server's acknowledgement, over the last 256 messages that were sent while online.
  Milliseconds send_p50{0};
  Milliseconds send_p95{0};
  std::uint64_t messages_sent = 0;      ///< acknowledged
  std::uint64_t messages_received = 0;  ///< from others, stored
  std::uint64_t messages_failed = 0;    ///< refused or expired
  std::uint64_t resends = 0;            ///< attempts after the first
  std::uint64_t duplicates_dropped = 0;
  std::uint64_t connects = 0;    ///< connections established
  std::uint64_t reconnects = 0;  ///< of these, those after the first
  std::uint64_t protocol_violations = 0;
  std::uint64_t queue_depth = 0;  ///< own messages not yet acknowledged
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t bytes_in = 0;  ///< of frames
  std::uint64_t bytes_out = 0;
  std::uint64_t commits = 0;  ///< transactions of the local database
};

}  // namespace sotto
