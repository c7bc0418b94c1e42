// The SDK's way to the network: a WebSocket connection and single HTTP requests, plain or TLS.
//
//   auto transport = make_transport(loop, {});
//   if (!transport) return transport.error();
//   auto socket = (*transport)->connect({.url = "wss://chat.example/ws/connect", .bearer_token = token},
//                                       {.on_open = [&] { socket->send(hello); },
//                                        .on_frame = [&](ByteView frame) { handle(frame); },
//                                        .on_closed = [&](const Closed& why) { reconnect_later(why); }});
//
// Thread rules: everything here is called on the loop's thread, and calls back there, never from inside the
// call that started the work. The handle that connect() and request() return owns the work: once it is
// destroyed (also from inside one of its own callbacks) nothing calls back any more.
//
// The transport outlives its handles, and the loop outlives the transport.
//
// Errors say what failed and where, as a person who runs a server would want to read it: "connection refused
// by 127.0.0.1:8443", "the certificate of chat.example has expired". They hold no token, path or body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/protocol.hpp"
#include "sotto/error.hpp"

namespace sotto::net {

class IoLoop;

/// How long each step may take. The defaults are the product's; tests make them short.
struct Timeouts {
  /// Three lost SYNs (1 + 2 + 4 s) may still be answered; after that the network is not there.
  Milliseconds tcp{10'000};
  /// Two round trips and some arithmetic; slow phones on bad networks stay well under this.
  Milliseconds tls{10'000};
  /// One round trip and the server's look at the token.
  Milliseconds upgrade{10'000};
  /// Name lookup and all of the above: what a person waits before being told that there is no connection.
  Milliseconds connect_in_all{25'000};
  /// For the close handshake; then the connection is dropped.
  Milliseconds close_within{3'000};
  /// How long an HTTP connection is kept for the next request: below the 30 to 75 s at which servers close.
  Milliseconds keep_idle{15'000};
};

struct TransportOptions {
  /// PEM certificates that are trusted instead of the system's; empty: the system's.
  std::string roots_pem{};
  /// Sent as User-Agent.
  std::string user_agent = "sotto";
  Timeouts timeouts{};
};

// ------------------------------------------------------------------ WebSocket

/// Twice what the engine may have in flight (256 texts of 16 KiB). Reaching it means that the connection has
/// not moved for a while.
inline constexpr std::size_t kSendQueueBytes = 8u << 20;

struct WebSocketRequest {
  std::string url{};           ///< "ws://" or "wss://"
  std::string bearer_token{};  ///< sent as `Authorization: Bearer`; empty: no such header
  std::string subprotocol = "sotto.v1";
  std::size_t max_frame_bytes = kMaxServerFrameBytes;
};

/// Why a connection is over, or never came to be.
struct Closed {
  Error error;
  /// The code of the peer's close frame (protocol, "Close codes"); 0: it sent none.
  std::uint16_t close_code = 0;
  /// The status of a refused upgrade (401: the token); 0: the upgrade was not refused.
  unsigned http_status = 0;
};

struct WebSocketHandlers {
  std::function<void()> on_open{};
  /// One binary frame, complete. The bytes are valid during the call. The next one is read once it returns.
  std::function<void(ByteView)> on_frame{};
  /// The answer to a ping; or the ping still waits behind a large frame, and that moves.
  std::function<void()> on_pong{};
  /// The last call, exactly once, also if the connection never opened.
  std::function<void(const Closed&)> on_closed{};
};

/// A connection, being made or open. Destroying it drops the connection at once, without a close frame.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  /// Queues one binary frame; before on_open too. False: the frame has not been taken, since the queue is
  /// full (kSendQueueBytes) or the connection is closing or closed.
  [[nodiscard]] virtual bool send(Bytes frame) = 0;
  /// Asks the peer for a sign of life; on_pong answers. How often, and how long to wait, is the caller's
  /// rule. Ignored unless open, and while the ping before is still unsent.
  virtual void ping() = 0;
  /// Sends what is queued, says good-bye with `code`, waits for the answer (Timeouts::close_within), then
  /// calls on_closed. A connection that is not open yet is dropped, and on_closed follows.
  virtual void close(std::uint16_t code) = 0;
};

// ------------------------------------------------------------------ HTTP

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// A page of history (100 messages of 64 KiB) is the largest JSON answer there is.
inline constexpr std::size_t kMaxResponseBytes = 8u << 20;
inline constexpr Milliseconds kHttpTimeout{30'000};

struct HttpRequest {
  std::string method = "GET";
  std::string url{};  ///< "http://" or "https://"
  HttpHeaders headers{};
  std::string body{};
  /// From the call to the last byte of the answer, connecting included.
  Milliseconds timeout = kHttpTimeout;
  std::size_t max_response_bytes = kMaxResponseBytes;
};

struct HttpResponse {
  unsigned status = 0;
  HttpHeaders headers;
  std::string body;

  /// Empty if there is none. Any case.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

using HttpHandler = std::function<void(Result<HttpResponse>)>;

/// A request that is on its way. Destroying it cancels it.
class PendingRequest {
 public:
  virtual ~PendingRequest() = default;
};

class Transport {
 public:
  virtual ~Transport() = default;
  [[nodiscard]] virtual std::unique_ptr<WebSocket> connect(WebSocketRequest request,
                                                           WebSocketHandlers handlers) = 0;
  /// Any status is an answer; errors are for requests that got none. Redirects are not followed. A connection
  /// is used again for the next request to the same server; GET, PUT and DELETE are tried a second time when
  /// such a connection turns out to be dead, POST and PATCH are not, since they may have been carried out.
  [[nodiscard]] virtual std::unique_ptr<PendingRequest> request(HttpRequest request, HttpHandler handler) = 0;
};

/// The real one. `loop` must outlive it. Fails if `roots_pem` holds no certificate or has a broken one.
Result<std::unique_ptr<Transport>> make_transport(IoLoop& loop, TransportOptions options);

}  // namespace sotto::net
