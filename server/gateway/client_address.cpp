#include "server/gateway/client_address.hpp"

#include <optional>

namespace sotto::server {
namespace {

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
    if (!same_word(header->name, "X-Forwarded-For")) continue;
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
