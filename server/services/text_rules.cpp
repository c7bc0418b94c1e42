#include "server/services/text_rules.hpp"

#include <string>

#include "base/utf8.hpp"

namespace sotto::server {

ServiceResult<void> check_text(const TextRule& rule, std::string_view text) {
  const std::string field = rule.field;
  if (!is_valid_utf8(text)) return refuse(ServiceCode::bad_request, field + ": not valid UTF-8");
  const std::size_t length = count_code_points(text);
  if (length < rule.least) return refuse(ServiceCode::bad_request, field + ": must not be empty");
  if (length > rule.most) {
    return refuse(ServiceCode::bad_request, field + ": " + std::to_string(length) + " characters, at most " +
                                                std::to_string(rule.most) + " are allowed");
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = byte < 0x20 || byte == 0x7f;
    if (control && !(rule.newlines && c == '\n')) {
      return refuse(ServiceCode::bad_request, field + ": has a control character");
    }
  }
  return {};
}

}  // namespace sotto::server
