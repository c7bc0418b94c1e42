// JSON from strangers (RFC 8259): no comments, no duplicate names, no zero characters, no numbers past a
// double, UTF-8 only, nested no deeper than anything the API has.
//
//   auto body = parse_strict(text);
//   if (!body) return body.error();        // "is not JSON: syntax error at byte 17"
#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "sotto/result.hpp"

namespace sotto::server {

/// Bodies of the API nest three deep; the rest is room for what later versions of clients may add.
inline constexpr std::size_t kMaxJsonDepth = 16;

/// The error completes "the body ...".
Result<boost::json::value, std::string> parse_strict(std::string_view text);

}  // namespace sotto::server
