// UUIDs (RFC 9562), used as idempotency keys. The SDK makes version 7: they are ordered by time, so a
// server's index of keys grows only at its end.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace sotto {

class Random;

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

Uuid make_uuid_v7(Timestamp now, Random& random);
/// "7d0e0f5e-1f0e-4c55-9a58-5a6a4a4e0b5f": 8-4-4-4-12 hexadecimal digits of either case; any version.
std::optional<Uuid> parse_uuid(std::string_view text);
/// Lower case.
std::string to_string(const Uuid& uuid);

}  // namespace sotto
