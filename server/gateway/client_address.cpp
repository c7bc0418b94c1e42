#include "server/gateway/client_address.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace sotto::server {
namespace {

bool is_forwarded_for(std::string_view name) {
  constexpr std::string_view kName = "x-forwarded-for";
  return std::equal(name.begin(), name.end(), kName.begin(), kName.end(),
                    [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Some proxies add the port: 192.0.2.7:4711, [2001:db8::1]:4711.
std::optional<IpAddress> parse_hop(std::string_view hop) {
  if (const auto address = parse_address(hop)) return address;
  if (const auto endpoint = parse_endpoint(hop)) return endpoint->address;
  return std::nullopt;
}

}  // namespace

std::string client_address(std::string_view peer, const std::vector<HttpHeader>& headers,
                           const std::vector<AddressRange>& trusted_proxies) {
  std::optional<IpAddress> client = parse_address(peer);
  if (!client) return std::string(peer);

  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    if (!is_forwarded_for(header->name)) continue;
    std::string_view list = header->value;
    while (contains(trusted_proxies, *client)) {
      const auto comma = list.rfind(',');
      const auto hop = parse_hop(trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1)));
      if (!hop) return to_string(*client);  // what stands before something unreadable is not to be believed
      client = hop;
      if (comma == std::string_view::npos) break;
      list = list.substr(0, comma);
    }
  }
  return to_string(*client);
}

}  // namespace sotto::server
