// Who is at the other end, where proxies stand in between.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/config/address.hpp"
#include "server/gateway/http.hpp"

namespace sotto::server {

/// The client's address: X-Forwarded-For read from its end, past the proxies that are trusted. Each proxy
/// adds whom it was called by, so the first address that is not one of ours is the client's; what stands
/// before it is the client's own invention. Several header lines are one list (RFC 9110 §5.3). A peer that is
/// not a trusted proxy is the client itself, whatever it claims.
std::string client_address(std::string_view peer, const std::vector<HttpHeader>& headers,
                           const std::vector<AddressRange>& trusted_proxies);

}  // namespace sotto::server
