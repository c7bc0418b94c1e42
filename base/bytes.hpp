// Byte strings and their two text forms. `Bytes` owns, `ByteView` borrows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sotto {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

/// Lower-case hexadecimal.
std::string to_hex(ByteView bytes);
/// Either case. Nothing for an odd length or any other character.
std::optional<Bytes> from_hex(std::string_view text);

/// RFC 4648 §5 (URL-safe), without padding.
std::string to_base64url(ByteView bytes);
/// Strict: no padding, no white space, canonical trailing bits. Nothing for anything else.
std::optional<Bytes> from_base64url(std::string_view text);

/// Compares in constant time for a given length; the lengths are not secret.
bool equal_constant_time(ByteView a, ByteView b);

}  // namespace sotto
