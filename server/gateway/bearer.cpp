#include "server/gateway/bearer.hpp"

namespace sotto::server {

std::optional<std::string_view> bearer_token(const HttpRequest& request) {
  constexpr std::string_view kScheme = "bearer ";  // in any case (RFC 9110 §11.1)
  const auto value = request.header("Authorization");
  if (!value) return std::nullopt;
  const std::string_view text = trimmed(*value);
  if (!same_word(text.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const std::string_view token = trimmed(text.substr(kScheme.size()));
  if (token.empty()) return std::nullopt;
  return token;
}

}  // namespace sotto::server
