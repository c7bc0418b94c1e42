#include "base/utf8.hpp"

#include <cstdint>

namespace sotto {

bool is_valid_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto* end = p + text.size();
  auto continuation = [&](std::uint8_t low, std::uint8_t high) {
    if (p == end || *p < low || *p > high) return false;
    ++p;
    return true;
  };
  while (p != end) {
    const std::uint8_t lead = *p++;
    if (lead < 0x80) continue;
    // Unicode standard, table 3-7: only the range of the second byte depends on the first.
    if (lead >= 0xC2 && lead <= 0xDF) {
      if (!continuation(0x80, 0xBF)) return false;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      const std::uint8_t low = lead == 0xE0 ? 0xA0 : 0x80;
      const std::uint8_t high = lead == 0xED ? 0x9F : 0xBF;
      if (!continuation(low, high) || !continuation(0x80, 0xBF)) return false;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      const std::uint8_t low = lead == 0xF0 ? 0x90 : 0x80;
      const std::uint8_t high = lead == 0xF4 ? 0x8F : 0xBF;
      if (!continuation(low, high) || !continuation(0x80, 0xBF) || !continuation(0x80, 0xBF)) return false;
    } else {
      return false;
    }
  }
  return true;
}

std::size_t count_code_points(std::string_view text) {
  std::size_t n = 0;
  for (char c : text)
    n += (static_cast<std::uint8_t>(c) & 0xC0) != 0x80;
  return n;
}

}  // namespace sotto
