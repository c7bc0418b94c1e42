// The token of an `Authorization: Bearer` header (RFC 6750 §2.1).
#pragma once

#include <optional>
#include <string_view>

#include "server/gateway/http.hpp"

namespace sotto::server {

/// Nothing: no such header, another scheme, or no token in it. Points into the request.
std::optional<std::string_view> bearer_token(const HttpRequest& request);

}  // namespace sotto::server
