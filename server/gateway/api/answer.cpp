#include "server/gateway/api/answer.hpp"

#include <utility>

#include <boost/json/serialize.hpp>

namespace sotto::server {

Answer json_answer(int status, const boost::json::value& body) {
  return json_text_answer(status, boost::json::serialize(body));
}

Answer json_text_answer(int status, std::string body) {
  Answer answer;
  answer.response.status = status;
  answer.response.content_type = "application/json";
  // Profiles, messages and tokens: nothing on the way keeps a copy.
  answer.response.headers.push_back({"Cache-Control", "no-store"});
  answer.response.body = std::move(body);
  return answer;
}

Answer no_content() {
  Answer answer;
  answer.response.status = 204;
  return answer;
}

Answer refusal(int status, std::string_view code, std::string_view detail) {
  Answer answer{problem(status, code, detail), std::string(code)};
  // RFC 6750 §3; of the 401s only those that ask for a token.
  if (code == "unauthorized") answer.response.headers.push_back({"WWW-Authenticate", "Bearer"});
  return answer;
}

Answer refusal(const ServiceError& error) {
  Answer answer = refusal(http_status(error.code), rest_word(error.code), error.detail);
  if (error.code == ServiceCode::rate_limited) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(error.retry_after).count();
    answer.response.headers.push_back({"Retry-After", std::to_string(seconds > 0 ? seconds : 1)});
  }
  return answer;
}

}  // namespace sotto::server
