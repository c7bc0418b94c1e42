#include "sdk/cli/chat/text_layout.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <cwchar>

#include "base/utf8.hpp"

namespace sotto::cli {

namespace {

struct Character {
  std::string_view bytes;
  char32_t code = 0;
  std::size_t width = 0;
};

/// Stands for a byte that is no part of valid UTF-8.
constexpr char32_t kStrayByte = 0xFFFF'FFFF;

/// The first character; a stray byte counts as one.
Character first(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (!is_valid_utf8(text.substr(0, length))) return {text.substr(0, 1), kStrayByte, 1};
  char32_t code = length == 1 ? lead : lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i)
    code = code << 6 | (static_cast<std::uint8_t>(text[i]) & 0x3F);
  const int width = ::wcwidth(static_cast<wchar_t>(code));
  // -1: no character of this locale, drawn as some mark.
  return {text.substr(0, length), code, width < 0 ? 1 : static_cast<std::size_t>(width)};
}

bool may_not_reach_the_terminal(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
  // Bidirectional overrides and isolates can make a line read as something else (Unicode TR 36, §2.6).
  const bool reorders = (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return (control && c != '\n') || reorders || c == kStrayByte;
}

}  // namespace

std::size_t columns(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto c = first(text);
    width += c.width;
    text.remove_prefix(c.bytes.size());
  }
  return width;
}

std::string harmless(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto c = first(text);
    if (c.code == '\t') {
      out += "    ";
    } else if (may_not_reach_the_terminal(c.code)) {
      out += "\xEF\xBF\xBD";
    } else {
      out += c.bytes;
    }
    text.remove_prefix(c.bytes.size());
  }
  return out;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t line_width = 0;
  std::size_t break_at = 0;  // bytes of `line` up to and with its last space; 0: none
  auto flush = [&](std::size_t bytes) {
    std::string rest = line.substr(bytes);
    line.resize(bytes);
    while (!line.empty() && line.back() == ' ')
      line.pop_back();
    lines.push_back(std::move(line));
    line = std::move(rest);
    line_width = columns(line);
    break_at = 0;
  };
  while (!text.empty()) {
    const auto c = first(text);
    text.remove_prefix(c.bytes.size());
    if (c.code == '\n') {
      flush(line.size());
      continue;
    }
    if (line_width + c.width > width && c.code != ' ') flush(break_at != 0 ? break_at : line.size());
    line += c.bytes;
    line_width += c.width;
    if (c.code == ' ') break_at = line.size();
  }
  flush(line.size());
  return lines;
}

std::string local_time(Timestamp t, const char* format) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
  const std::time_t time = seconds;
  std::tm parts{};
  if (::localtime_r(&time, &parts) == nullptr) return "";
  std::array<char, 64> text{};
  const auto n = std::strftime(text.data(), text.size(), format, &parts);
  return {text.data(), n};
}

std::string fit(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  std::string out;
  std::size_t used = 0;
  while (!text.empty() && width > 0) {
    const auto c = first(text);
    if (used + c.width > width - 1) break;
    out += c.bytes;
    used += c.width;
    text.remove_prefix(c.bytes.size());
  }
  return width > 0 ? out + "…" : out;
}

}  // namespace sotto::cli
