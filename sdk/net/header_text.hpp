// HTTP header fields (RFC 9110 §5): what may be written into one, and what one of them says.
#pragma once

#include <string_view>

#include "base/clock.hpp"

namespace sotto::net {

/// A token: letters, digits and !#$%&'*+-.^_`|~
bool is_header_name(std::string_view text);
/// Printable ASCII, spaces, tabs and bytes from 0x80; above all no line break.
bool is_header_value(std::string_view text);

/// Retry-After in seconds, at most an hour; 0 for a date or anything else.
Milliseconds parse_retry_after(std::string_view text);

}  // namespace sotto::net
