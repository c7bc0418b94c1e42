// Snowflake ids: 41-bit milliseconds since 2024-01-01T00:00:00Z, 10-bit node, 12-bit sequence.
//
//   SnowflakeGenerator ids(node);
//   ids.resume_after(store.highest_id());   // at start: never below an id that was given out before
//   std::uint64_t id = ids.next(now);
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace sotto {

inline constexpr Timestamp kSnowflakeEpoch{Milliseconds{1'704'067'200'000}};  // 2024-01-01T00:00:00Z
inline constexpr unsigned kSnowflakeNodeBits = 10;
inline constexpr unsigned kSnowflakeSequenceBits = 12;
inline constexpr std::uint32_t kSnowflakeMaxNode = (1u << kSnowflakeNodeBits) - 1;
/// The largest id. Snowflakes have 63 bits, because they are stored in signed 64-bit integers. A greater
/// number is refused on input, since it would be stored as a negative one.
inline constexpr std::uint64_t kMaxId = (1ull << 63) - 1;

/// The time at which the id was made, in milliseconds.
Timestamp snowflake_time(std::uint64_t id);
/// The smallest id of that millisecond (for ranges); 0 for times before the epoch.
std::uint64_t snowflake_floor(Timestamp t);

/// Strictly rising ids for one node. If the clock stands still or steps back, ids still rise: the generator
/// runs ahead of the clock. One thread.
class SnowflakeGenerator {
 public:
  /// node <= kSnowflakeMaxNode.
  explicit SnowflakeGenerator(std::uint32_t node) : node_(node & kSnowflakeMaxNode) {}

  std::uint64_t next(Timestamp now);
  /// Every later id is greater than `id`, including an id from another node.
  void resume_after(std::uint64_t id);
  [[nodiscard]] std::uint64_t last() const { return last_; }

 private:
  std::uint64_t node_;
  std::uint64_t last_ = 0;
};

}  // namespace sotto
