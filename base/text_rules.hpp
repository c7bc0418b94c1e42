// The rules for a line of text, a phone number and a media URL. Server and SDK share them, so an app learns
// at once what the server would refuse later.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sotto {

struct TextRule {
  const char* field;      ///< named in the problem
  std::size_t least = 0;  ///< code points
  std::size_t most = 0;
  bool newlines = false;  ///< several lines are allowed
};

/// Nothing if the text is valid UTF-8 of an allowed length without control characters. Otherwise what is
/// wrong with it: "name: must not be empty".
std::optional<std::string> problem_with_text(const TextRule& rule, std::string_view text);

/// "+" and 7 to 15 digits, the first not 0 (E.164).
bool is_phone_number(std::string_view text);

/// 1 to `most` characters of printable ASCII without spaces, the alphabet of URLs (RFC 3986 §2).
bool is_media_url(std::string_view text, std::size_t most);

}  // namespace sotto
