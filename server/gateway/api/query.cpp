#include "server/gateway/api/query.hpp"

#include <algorithm>

#include <boost/url/pct_string_view.hpp>

#include "base/utf8.hpp"

namespace sotto::server {

std::optional<std::string> percent_decode(std::string_view text) {
  const auto encoded = boost::urls::make_pct_string_view(text);
  if (!encoded) return std::nullopt;
  std::string out = encoded->decode();
  if (!is_valid_utf8(out) || out.find('\0') != std::string::npos) return std::nullopt;
  return out;
}

Result<std::optional<std::string>, std::string> query_value(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) != name) continue;
    if (found) return std::string("is given twice");
    found = percent_decode(pair.substr(std::min(equals + 1, pair.size())));
    if (!found) return std::string("is not well encoded");
  }
  return found;
}

}  // namespace sotto::server
