// What went wrong with a connection, said so that a person who runs a server understands it.
#pragma once

#include <string>

#include <boost/system/error_code.hpp>

#include "sotto/error.hpp"

namespace sotto::net {

/// HTTP with `server` (or the WebSocket upgrade, which is HTTP) broke.
Error describe_http_failure(boost::system::error_code error, const std::string& server);

/// A WebSocket connection with `server` broke after it was open.
Error describe_websocket_failure(boost::system::error_code error, const std::string& server);

/// A WebSocket upgrade that was answered with `status` instead of 101.
Error describe_refused_upgrade(unsigned status, const std::string& server);

}  // namespace sotto::net
