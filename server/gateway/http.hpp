// The seam between the listener and the REST routes: plain values in, one answer out. Nothing of Beast or
// Asio crosses it, so routes are compiled quickly and tested without a socket.
//
//   class HealthApi final : public HttpApi {
//     void handle(HttpRequest request, HttpResponder respond) override {
//       respond(HttpResponse{.status = 200, .content_type = "text/plain", .body = "ok\n"});
//     }
//   };
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::server {

struct HttpHeader {
  std::string name;
  std::string value;
};

/// A request that was well formed, within the limits, and has its whole body.
struct HttpRequest {
  std::string method;  ///< as sent: "GET"
  std::string path;    ///< before the '?', still percent-encoded; begins with '/'
  std::string query;   ///< after the '?', still percent-encoded; empty where there is none
  std::vector<HttpHeader> headers;
  std::string body;
  /// The client's IP address as text, from the proxy's header if the server is told that it is behind one.
  std::string remote_address;

  /// The first header of that name, in any case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// `Content-Length`, `Connection`, `Date` and `Server` are the listener's business. A HEAD request is
/// answered like a GET and the listener leaves the body out.
struct HttpResponse {
  int status = 200;
  std::vector<HttpHeader> headers;
  std::string content_type;  ///< empty: none (204)
  std::string body;
  /// Let go once the client has taken the answer, or is gone.
  std::shared_ptr<void> held{};
};

/// Called exactly once, from any thread, now or later. One that is destroyed without having been called
/// answers 500, so that a client never waits for ever.
using HttpResponder = std::function<void(HttpResponse)>;

/// `handle` is called on the io threads, for several connections at once: it must not block.
class HttpApi {
 public:
  virtual ~HttpApi() = default;
  virtual void handle(HttpRequest request, HttpResponder respond) = 0;
};

/// The same in any case: names of headers and schemes, which are ASCII (RFC 9110 §5.1).
bool same_word(std::string_view a, std::string_view b);
/// Without the spaces and tabs around it (RFC 9110 §5.6.3).
std::string_view trimmed(std::string_view text);

/// "Not Found".
std::string_view title_of(int status);

/// RFC 9457: {"type":"about:blank","title":...,"status":401,"detail":...,"code":"unauthorized"}.
HttpResponse problem(int status, std::string_view code, std::string_view detail);

}  // namespace sotto::server
