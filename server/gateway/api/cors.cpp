#include "server/gateway/api/cors.hpp"

#include <algorithm>

namespace sotto::server {

std::optional<std::string> Cors::allow(const HttpRequest& request) const {
  const auto origin = request.header("Origin");
  if (!origin) return std::nullopt;
  const bool allowed = std::any_of(allowed_.begin(), allowed_.end(),
                                   [&](const std::string& each) { return each == "*" || each == *origin; });
  return allowed ? std::optional<std::string>(*origin) : std::nullopt;
}

void Cors::add_headers(HttpResponse& response, const std::string& origin) {
  response.headers.push_back({"Access-Control-Allow-Origin", origin});
  response.headers.push_back({"Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate"});
  response.headers.push_back({"Vary", "Origin"});
}

HttpResponse Cors::preflight(const std::string& origin, const std::string& methods) {
  HttpResponse response;
  response.status = 204;
  add_headers(response, origin);
  response.headers.push_back({"Access-Control-Allow-Methods", methods});
  response.headers.push_back(
      {"Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key"});
  // An hour: a page does not ask before each request, and a change of the configuration is soon felt.
  response.headers.push_back({"Access-Control-Max-Age", "3600"});
  return response;
}

}  // namespace sotto::server
