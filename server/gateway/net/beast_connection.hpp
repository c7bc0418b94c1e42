// A client's connection on Beast: HTTP requests first, then perhaps a WebSocket for the rest of its life.
// Only three files include this: beast_connection.cpp (a connection's beginning and end), beast_http.cpp and
// beast_websocket.cpp. They are the only ones that instantiate Beast, which costs a gigabyte of memory and
// most of a minute to compile. Everything that can be decided without it is elsewhere (http_exchange,
// session, wire). One loop's thread.
#pragma once

#include <array>
#include <atomic>
#include <optional>
#include <utility>

#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "server/gateway/net/connection.hpp"
#include "server/gateway/net/http_exchange.hpp"
#include "server/gateway/net/io_loop.hpp"

namespace sotto::server {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

class BeastConnection final : public Connection,
                              public WireOwner,
                              public SessionSink,
                              public std::enable_shared_from_this<BeastConnection> {
 public:
  BeastConnection(std::shared_ptr<IoLoop> loop, const ConnectionContext& context, Socket socket, SslPtr ssl,
                  std::string address, std::function<void()> released)
      : loop_(std::move(loop)),
        context_(context),
        wire_(std::move(socket), std::move(ssl), context.metrics, *this),
        address_(std::move(address)),
        released_(std::move(released)) {}

  ~BeastConnection() override { released_(); }

  // ---- Connection
  void start() override;
  void flush() override;
  SendMany::Send single_send() override { return wire_.single_send(); }
  void sent(int result) override;
  void on_deadline() override;
  void drain() override;
  void abort() override;

  // ---- WireOwner
  std::shared_ptr<WireOwner> keep_alive() override { return shared_from_this(); }
  void on_written() override;
  void on_broken() override { abort(); }

  // ---- SessionSink
  void send(FramePtr frame) override;
  void ping(std::string_view payload) override { send(make_ping(payload)); }
  [[nodiscard]] std::size_t queued_bytes() const override { return wire_.queued_bytes(); }
  void resume_reading() override;
  void close(std::uint16_t code, std::string_view reason) override;

 private:
  /// Where small frames land. A message of 100 characters fits; every idle connection has one of these.
  static constexpr std::size_t kLandingBytes = 256;
  /// How long the other side has to answer a close frame, or to read an error before the connection is cut.
  static constexpr Milliseconds kCloseTimeout = std::chrono::seconds(3);
  /// The same while the server is going, and how long the rest of a request may take then: a round trip or
  /// two.
  static constexpr Milliseconds kRestOfRequest = std::chrono::seconds(1);
  static constexpr std::string_view kConnectPath = "/ws/connect";

  enum class State : std::uint8_t {
    handshake,   // TLS
    idle,        // between requests
    reading,     // a request
    handling,    // a route has it
    responding,  // until the kernel has all of it
    upgrading,
    websocket,
    closing,    // the closing handshake
    lingering,  // the last bytes are on their way; what still comes is thrown away
    closed,
  };
  /// Of one request; freed when there is none.
  struct Http {
    beast::flat_buffer buffer;
    std::optional<http::request_parser<http::string_body>> parser;
    bool keep_alive = false;
    bool is_head = false;
    std::int64_t received_us = 0;
    std::shared_ptr<void> held;  // HttpResponse::held
  };
  class Answer;

  template <class Method>
  auto bind(Method method) {
    return beast::bind_front_handler(method, shared_from_this());
  }
  void deadline_in(Milliseconds time) { loop_->set_deadline(*this, loop_->now() + time); }
  void no_deadline() { loop_->set_deadline(*this, Timestamp::max()); }
  void queue(FramePtr frame);

  // HTTP
  void on_handshake(error_code error);
  void await_request(Milliseconds patience);
  void on_readable(error_code error);
  void on_header(error_code error, std::size_t);
  void on_body(error_code error, std::size_t);
  void reject(error_code error);
  void respond_error(int status, std::string_view code, std::string_view detail);
  void handle();
  HttpRequest take_request();
  void respond(const HttpResponse& response);
  void after_response();

  // WebSocket
  void begin_upgrade(HttpRequest&& request);
  void on_caller(Upgrade upgrade, ServiceResult<Bearer> bearer);
  void on_accepted(WireFormat format, Caller caller, std::string token, error_code error);
  void read_frame();
  void on_read(error_code error, std::size_t bytes);

  // The end
  void linger();
  void on_lingered(error_code error, std::size_t bytes);
  void end_session();

  std::shared_ptr<IoLoop> loop_;
  const ConnectionContext& context_;
  Wire wire_;
  std::string address_;
  std::function<void()> released_;
  State state_ = State::idle;
  bool draining_ = false;
  bool close_after_response_ = false;
  bool flush_asked_ = false;
  bool reading_ = false;

  std::unique_ptr<Http> http_;
  std::optional<websocket::stream<Wire&, false>> websocket_;  // false: no permessage-deflate, 120 KB each
  Session* session_ = nullptr;
  ClientCounts::Place client_;  // of a WebSocket that came through a proxy
  std::string message_;         // one that did not fit into the landing
  std::array<char, kLandingBytes> landing_;
  std::size_t lingered_ = 0;
};

}  // namespace sotto::server
