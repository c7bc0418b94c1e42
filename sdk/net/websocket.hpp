// The WebSocket connection of Transport (RFC 6455) on Beast.
//
// A connection's life: connecting -> upgrading -> open -> closing -> closed. Each step is one member function
// named for what has just happened.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "sdk/net/loop.hpp"
#include "sdk/net/transport.hpp"

namespace sotto::net {

std::unique_ptr<WebSocket> open_websocket(IoLoop& loop, boost::asio::ssl::context& tls,
                                          const TransportOptions& options, WebSocketRequest request,
                                          WebSocketHandlers handlers);

}  // namespace sotto::net
