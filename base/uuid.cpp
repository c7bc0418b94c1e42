#include "base/uuid.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace sotto {

Uuid make_uuid_v7(Timestamp now, Random& random) {
  Uuid out;
  random.fill(out.bytes);
  const auto ms = static_cast<std::uint64_t>(to_unix_ms(now));
  for (std::size_t i = 0; i < 6; ++i)
    out.bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  out.bytes[6] = static_cast<std::uint8_t>(0x70 | (out.bytes[6] & 0x0F));  // version 7 (RFC 9562 §5.7)
  out.bytes[8] = static_cast<std::uint8_t>(0x80 | (out.bytes[8] & 0x3F));  // variant (RFC 9562 §4.1)
  return out;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  digits.reserve(32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return std::nullopt;
    if (!dash) digits.push_back(text[i]);
  }
  auto bytes = from_hex(digits);
  if (!bytes) return std::nullopt;
  Uuid out;
  std::copy(bytes->begin(), bytes->end(), out.bytes.begin());
  return out;
}

std::string to_string(const Uuid& uuid) {
  std::string hex = to_hex(uuid.bytes);
  for (std::size_t at : {20u, 16u, 12u, 8u})
    hex.insert(at, 1, '-');
  return hex;
}

}  // namespace sotto
