// The query of a URL (RFC 3986 §3.4): name=value pairs joined by '&', percent-encoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sotto/result.hpp"

namespace sotto::server {

/// The decoded value; nothing if the name is not there. The error completes "name: ": given twice, or not
/// well encoded.
Result<std::optional<std::string>, std::string> query_value(std::string_view query, std::string_view name);

/// Nothing where a '%' is not followed by two hexadecimal digits, or what comes out is not UTF-8 text.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace sotto::server
