// What the engine asks the outside world to do. A driver performs effects in the order given and answers with
// the engine's inputs (engine.hpp); it decides nothing.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "sotto/views.hpp"

namespace sotto::engine {

/// Two clocks. `steady` never jumps and times everything inside a run; `wall` is only for what is stored or
/// shown (expiry, created_at before the server's time is known, skew).
struct Now {
  Milliseconds steady{0};
  Timestamp wall{};
};

/// Name connections, requests, views and operations of one engine. Never used twice, 0 is none.
enum class ConnectionNumber : std::uint64_t { none = 0 };
enum class RequestNumber : std::uint64_t { none = 0 };
enum class ViewNumber : std::uint64_t { none = 0 };
enum class OperationNumber : std::uint64_t { none = 0 };

/// Open a WebSocket to /ws/connect with `Authorization: Bearer` and subprotocol sotto.v1, on a new stream.
/// Answer: on_connected or on_closed, within kConnectTotalTimeout (timing.hpp).
struct OpenConnection {
  ConnectionNumber connection{};
  SecretBytes access_token;
};

/// Send one binary message. Order is kept. A connection that is gone drops it silently: on_closed tells.
struct SendFrame {
  ConnectionNumber connection{};
  Bytes frame;
};

/// Send a WebSocket ping; the pong comes back as on_pong.
struct SendPing {
  ConnectionNumber connection{};
};

/// Close it; frames already given are sent first. No input of this connection is wanted after that, and
/// on_closed need not come.
struct CloseConnection {
  ConnectionNumber connection{};
  std::uint16_t code = 1000;
};

struct HttpRequest {
  std::string method;  ///< "GET"
  std::string path;    ///< with query: "/api/conversations?limit=50"
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;    ///< "" or JSON; then Content-Type is application/json
  SecretBytes bearer;  ///< empty: no Authorization header
};

struct HttpResponse {
  int status = 0;
  std::string body;
  /// The Retry-After header in seconds form; 0 where there is none.
  Milliseconds retry_after{0};
};

/// Answer: on_response or on_request_failed, within kRequestTimeout (timing.hpp).
struct SendRequest {
  RequestNumber request{};
  HttpRequest what;
};

/// Nobody waits for the answer any more; none need come.
struct CancelRequest {
  RequestNumber request{};
};

/// Differences of a view that was opened with this number.
struct TimelineChanged {
  ViewNumber view{};
  std::vector<TimelineChange> changes;
};
struct ConversationListChanged {
  ViewNumber view{};
  std::vector<ConversationListChange> changes;
};

using Effect = std::variant<OpenConnection, SendFrame, SendPing, CloseConnection, SendRequest, CancelRequest,
                            TimelineChanged, ConversationListChanged>;

}  // namespace sotto::engine
