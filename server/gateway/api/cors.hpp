// Cross-origin requests (the Fetch standard, "CORS protocol"): web pages of the configured origins may call
// the API; by default none may. Tokens travel in a header, never in a cookie, so no credentials are allowed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/gateway/http.hpp"

namespace sotto::server {

class Cors {
 public:
  /// Origins as browsers send them; "*" is any.
  explicit Cors(std::vector<std::string> allowed) : allowed_(std::move(allowed)) {}

  /// The origin to name in the answer; nothing if the request has none or it is not allowed.
  [[nodiscard]] std::optional<std::string> allow(const HttpRequest& request) const;
  /// Of an answer to a request from that origin.
  static void add_headers(HttpResponse& response, const std::string& origin);
  /// Of a preflight (OPTIONS with Access-Control-Request-Method); `methods` are those of the path.
  static HttpResponse preflight(const std::string& origin, const std::string& methods);

 private:
  std::vector<std::string> allowed_;
};

}  // namespace sotto::server
