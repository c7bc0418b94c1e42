#include "server/gateway/http.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace sotto::server {

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  for (const HttpHeader& h : headers) {
    if (same_word(h.name, name)) return h.value;
  }
  return std::nullopt;
}

bool same_word(std::string_view a, std::string_view b) {
  return boost::beast::iequals(a, b);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view title_of(int status) {
  return boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
}

HttpResponse problem(int status, std::string_view code, std::string_view detail) {
  boost::json::object body;
  body["type"] = "about:blank";
  body["title"] = title_of(status);
  body["status"] = status;
  body["detail"] = detail;
  body["code"] = code;
  return {.status = status,
          .headers = {},
          .content_type = "application/problem+json",
          .body = boost::json::serialize(body),
          .held = nullptr};
}

}  // namespace sotto::server
