#include "sdk/store/letter_case.hpp"

#include <cstdint>

namespace sotto::store {
namespace {

constexpr bool within(char32_t c, char32_t first, char32_t last) {
  return c >= first && c <= last;
}

/// In these blocks capital and small letters alternate; capitals are even.
constexpr bool is_even_capital_block(char32_t c) {
  return within(c, 0x100, 0x137) || within(c, 0x14a, 0x177) || within(c, 0x1de, 0x1ef) ||
         within(c, 0x1f8, 0x21f) || within(c, 0x222, 0x233) || within(c, 0x3d8, 0x3ef) ||
         within(c, 0x460, 0x481) || within(c, 0x48a, 0x4bf) || within(c, 0x4d0, 0x52f) ||
         within(c, 0x1e00, 0x1e95) || within(c, 0x1ea0, 0x1eff);
}

/// The same with odd capitals.
constexpr bool is_odd_capital_block(char32_t c) {
  return within(c, 0x139, 0x148) || within(c, 0x179, 0x17e) || within(c, 0x1cd, 0x1dc) ||
         within(c, 0x4c1, 0x4ce);
}

char32_t fold_greek(char32_t c) {
  if (c == 0x386) return 0x3ac;
  if (within(c, 0x388, 0x38a)) return c + 37;
  if (c == 0x38c) return 0x3cc;
  if (c == 0x38e || c == 0x38f) return c + 63;
  if (within(c, 0x391, 0x3ab) && c != 0x3a2) return c + 32;
  if (c == 0x3c2) return 0x3c3;  // final sigma
  return c;
}

/// Length and value of the code point at `text`, which is valid UTF-8.
std::size_t decode(std::string_view text, char32_t& c) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  if (byte(0) < 0x80) {
    c = byte(0);
    return 1;
  }
  const std::size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (text.size() < length) {  // never in valid UTF-8
    c = byte(0);
    return 1;
  }
  c = byte(0) & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i)
    c = (c << 6) | (byte(i) & 0x3fu);
  return length;
}

void append(std::string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xc0 | (c >> 6)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xe0 | (c >> 12)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
  }
}

}  // namespace

char32_t fold_case(char32_t c) {
  if (within(c, 'A', 'Z')) return c + 32;
  if (c < 0xc0) return c;
  if (within(c, 0xc0, 0xde) && c != 0xd7) return c + 32;
  if (c == 0x178) return 0xff;
  if (is_even_capital_block(c)) return (c & 1) == 0 ? c + 1 : c;
  if (is_odd_capital_block(c)) return (c & 1) == 1 ? c + 1 : c;
  if (within(c, 0x370, 0x3ff)) return fold_greek(c);
  if (within(c, 0x400, 0x40f)) return c + 80;
  if (within(c, 0x410, 0x42f)) return c + 32;
  if (c == 0x4c0) return 0x4cf;
  if (within(c, 0x531, 0x556)) return c + 48;
  if (within(c, 0xff21, 0xff3a)) return c + 32;
  return c;
}

std::string fold_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    char32_t c = 0;
    const std::size_t length = decode(text, c);
    const char32_t folded = fold_case(c);
    if (folded == c)
      out.append(text.substr(0, length));
    else
      append(out, folded);
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace sotto::store
