#include "base/snowflake.hpp"

#include <algorithm>

#include "base/mutant.hpp"

namespace sotto {

namespace {
constexpr unsigned kTimeShift = kSnowflakeNodeBits + kSnowflakeSequenceBits;
constexpr std::uint64_t kSequenceMask = (1ull << kSnowflakeSequenceBits) - 1;

std::uint64_t millis_since_epoch(Timestamp t) {
  return t <= kSnowflakeEpoch ? 0 : static_cast<std::uint64_t>((t - kSnowflakeEpoch).count());
}
}  // namespace

Timestamp snowflake_time(std::uint64_t id) {
  return kSnowflakeEpoch + Milliseconds{static_cast<std::int64_t>(id >> kTimeShift)};
}

std::uint64_t snowflake_floor(Timestamp t) {
  return millis_since_epoch(t) << kTimeShift;
}

std::uint64_t SnowflakeGenerator::next(Timestamp now) {
  const std::uint64_t fresh = snowflake_floor(now) | node_ << kSnowflakeSequenceBits;
  if (mutant(Mutant::id_goes_down) && fresh >> kTimeShift < last_ >> kTimeShift) return last_ = fresh;
  if (fresh > last_) {
    last_ = fresh;
    return last_;
  }
  const std::uint64_t millis = last_ >> kTimeShift;
  const std::uint64_t sequence = last_ & kSequenceMask;
  const bool same_node = (last_ >> kSnowflakeSequenceBits & kSnowflakeMaxNode) == node_;
  if (same_node && sequence < kSequenceMask) {
    ++last_;
  } else {
    last_ = (millis + 1) << kTimeShift | node_ << kSnowflakeSequenceBits;
  }
  return last_;
}

void SnowflakeGenerator::resume_after(std::uint64_t id) {
  last_ = std::max(last_, id);
}

}  // namespace sotto
