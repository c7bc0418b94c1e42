#include "base/text_rules.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace sotto {

std::optional<std::string> problem_with_text(const TextRule& rule, std::string_view text) {
  const std::string field = rule.field;
  if (!is_valid_utf8(text)) return field + ": not valid UTF-8";
  const std::size_t length = count_code_points(text);
  if (length < rule.least) return field + ": must not be empty";
  if (length > rule.most)
    return field + ": " + std::to_string(length) + " characters, at most " + std::to_string(rule.most) +
           " are allowed";
  const bool control = std::any_of(text.begin(), text.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 || byte == 0x7f) && !(rule.newlines && c == '\n');
  });
  if (control) return field + ": has a control character";
  return std::nullopt;
}

bool is_phone_number(std::string_view text) {
  if (text.size() < 8 || text.size() > 16 || text[0] != '+' || text[1] == '0') return false;
  return std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_media_url(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace sotto
