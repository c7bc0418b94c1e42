// The first byte of a record's key, and what all records share (docs/state-format.md).
#pragma once

#include <cstddef>
#include <cstdint>

namespace sotto::mls {

/// Raised when an older library could misread what a newer one writes.
inline constexpr std::uint8_t kStateFormat = 1;
/// Bytes of SHA-256(key || contents) after the contents: against damage and mix-ups, not against an enemy.
inline constexpr std::size_t kChecksumSize = 4;

enum class RecordKind : std::uint8_t {
  self = 1,
  epoch = 2,
  leaf = 3,
  parent = 4,
  private_key = 5,
  secret_node = 6,
  ratchet = 7,
  skipped = 8,
  proposal = 9,
  pending_update = 10,
  past_epoch = 11,
  past_leaf = 12,
  resumption = 13,
};

}  // namespace sotto::mls
