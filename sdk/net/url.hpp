// The addresses the SDK connects to: absolute http, https, ws and wss URLs.
//
//   auto url = parse_url("wss://chat.example/ws/connect");
//   // tls, host "chat.example", port 443, target "/ws/connect", authority "chat.example"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sotto/error.hpp"

namespace sotto::net {

struct Url {
  bool tls = false;
  bool websocket = false;
  std::string host;  ///< a name in small letters, or an address; IPv6 without brackets
  std::uint16_t port = 0;
  std::string target;     ///< path and query, at least "/"
  std::string authority;  ///< for the Host header: the port only where it is not the scheme's own

  /// "chat.example:443", for error texts.
  [[nodiscard]] std::string server() const;
};

/// `invalid_argument` names what is wrong. A user name or a fragment is refused: neither can be meant.
Result<Url> parse_url(std::string_view text);

}  // namespace sotto::net
