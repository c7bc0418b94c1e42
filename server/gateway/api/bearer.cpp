#include "server/gateway/api/bearer.hpp"

#include <algorithm>

namespace sotto::server {

std::optional<std::string_view> bearer_token(const HttpRequest& request) {
  constexpr std::string_view kScheme = "bearer ";  // in any case (RFC 9110 §11.1)
  auto value = request.header("Authorization");
  if (!value || value->size() <= kScheme.size()) return std::nullopt;
  const bool bearer = std::equal(kScheme.begin(), kScheme.end(), value->begin(), [](char a, char b) {
    return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b);
  });
  if (!bearer) return std::nullopt;
  value->remove_prefix(kScheme.size());
  const auto start = value->find_first_not_of(' ');
  if (start == std::string_view::npos) return std::nullopt;
  return value->substr(start);
}

}  // namespace sotto::server
