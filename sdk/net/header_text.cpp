#include "sdk/net/header_text.hpp"

#include <algorithm>
#include <cstdint>

#include "sotto/ids.hpp"

namespace sotto::net {

namespace {
// A server that is down for longer may still come back earlier; asking once an hour hurts nobody.
constexpr std::chrono::seconds kLongestRetryAfter{3600};
}  // namespace

bool is_header_name(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

Milliseconds parse_retry_after(std::string_view text) {
  const auto seconds = parse_decimal(text);
  if (!seconds) return Milliseconds{0};
  const auto longest = static_cast<std::uint64_t>(kLongestRetryAfter.count());
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(*seconds, longest)));
}

}  // namespace sotto::net
