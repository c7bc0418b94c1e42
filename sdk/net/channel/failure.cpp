#include "sdk/net/channel/failure.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/error.hpp>

namespace sotto::net {

namespace http = boost::beast::http;
namespace ws = boost::beast::websocket;

namespace {

Error connection_lost(boost::system::error_code error, const std::string& server) {
  if (error == boost::asio::error::eof || error == boost::asio::ssl::error::stream_truncated) {
    return {ErrorCode::connection_closed, server + " closed the connection"};
  }
  return {ErrorCode::connection_closed, "the connection to " + server + " broke: " + error.message()};
}

bool is_http_error(boost::system::error_code error) {
  static const auto& category = make_error_code(http::error::bad_version).category();
  return error.category() == category;
}

bool is_websocket_error(boost::system::error_code error) {
  static const auto& category = make_error_code(ws::error::bad_opcode).category();
  return error.category() == category;
}

}  // namespace

Error describe_http_failure(boost::system::error_code error, const std::string& server) {
  if (error == http::error::end_of_stream) {
    return {ErrorCode::connection_closed, server + " closed the connection without an answer"};
  }
  if (error == http::error::partial_message) {
    return {ErrorCode::connection_closed, server + " closed the connection in the middle of its answer"};
  }
  if (error == http::error::body_limit) {
    return {ErrorCode::too_large, "the answer of " + server + " is larger than allowed"};
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return {ErrorCode::protocol_violation,
            "the headers of the answer of " + server + " are larger than allowed"};
  }
  if (is_http_error(error)) {
    return {ErrorCode::protocol_violation, server + " does not speak HTTP: " + error.message()};
  }
  if (is_websocket_error(error)) {
    return {ErrorCode::protocol_violation, server + " does not speak WebSocket: " + error.message()};
  }
  return connection_lost(error, server);
}

Error describe_websocket_failure(boost::system::error_code error, const std::string& server) {
  if (error == ws::error::closed) {
    return {ErrorCode::connection_closed, server + " closed the connection"};
  }
  if (error == ws::error::message_too_big || error == ws::error::buffer_overflow) {
    return {ErrorCode::too_large, server + " sent a frame larger than this client takes"};
  }
  if (is_websocket_error(error)) {
    return {ErrorCode::protocol_violation, server + " broke the WebSocket protocol: " + error.message()};
  }
  return connection_lost(error, server);
}

Error describe_refused_upgrade(unsigned status, const std::string& server) {
  const auto text = server + " refused the WebSocket connection with HTTP status " + std::to_string(status);
  if (status == 401) return {ErrorCode::signed_out, text};
  if (status == 403) return {ErrorCode::not_allowed, text};
  if (status == 429) return {ErrorCode::rate_limited, text};
  if (status >= 500) return {ErrorCode::server_unavailable, text};
  return {ErrorCode::protocol_violation, text + ": it is no Sotto server"};
}

}  // namespace sotto::net
