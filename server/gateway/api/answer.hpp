// What a route answers with.
//
//   return ok({{"conversation_id", to_string(id)}});
//   return no_content();
//   return refusal(error);             // a problem document (RFC 9457) from a ServiceError
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "server/gateway/http.hpp"
#include "server/model/service_error.hpp"

namespace sotto::server {

struct Answer {
  HttpResponse response;
  /// Of a refusal its code, for the metrics; empty otherwise.
  std::string code;
  /// Done once what the answer speaks of is durable, before the answer goes out.
  std::function<void()> afterwards{};
};

Answer json_answer(int status, const boost::json::value& body);
/// For bodies that are written piece by piece.
Answer json_text_answer(int status, std::string body);
inline Answer ok(const boost::json::value& body) {
  return json_answer(200, body);
}
Answer no_content();

Answer refusal(int status, std::string_view code, std::string_view detail);
/// With `Retry-After` where there is something to wait for and `WWW-Authenticate` with 401.
Answer refusal(const ServiceError& error);

}  // namespace sotto::server
