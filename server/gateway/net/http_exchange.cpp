#include "server/gateway/net/http_exchange.hpp"

#include <array>
#include <ctime>
#include <utility>

#include "server/gateway/bearer.hpp"

namespace sotto::server {

namespace {

/// The elements of a comma-separated header, which may be there several times (RFC 9110 §5.6.1).
std::vector<std::string_view> list_of(const HttpRequest& request, std::string_view name) {
  std::vector<std::string_view> elements;
  for (const HttpHeader& header : request.headers) {
    if (!same_word(header.name, name)) continue;
    std::string_view rest = header.value;
    while (true) {
      const std::size_t comma = rest.find(',');
      const std::string_view element = trimmed(rest.substr(0, comma));
      if (!element.empty()) elements.push_back(element);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return elements;
}

bool has_element(const HttpRequest& request, std::string_view header, std::string_view wanted) {
  for (const std::string_view element : list_of(request, header)) {
    if (same_word(element, wanted)) return true;
  }
  return false;
}

/// RFC 9110 §5.6.7: "Tue, 24 Nov 2026 07:00:00 GMT".
std::string http_date(Timestamp now) {
  constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(to_unix_ms(now) / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                   kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                                   kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900,
                                   utc.tm_hour, utc.tm_min, utc.tm_sec);
  return {text.data(), static_cast<std::size_t>(length)};
}

/// A header line cannot be broken out of, whatever a route puts into one.
bool is_header_safe(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

UpgradeJudgement refused(HttpResponse response) {
  return {.upgrade = std::nullopt, .refusal = std::move(response)};
}

}  // namespace

std::optional<Target> split_target(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() || !same_word(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t authority = target.find_first_of("/?");
    target = authority == std::string_view::npos ? std::string_view("/") : target.substr(authority);
    break;
  }
  if (target.empty() || target.front() != '/') return std::nullopt;
  target = target.substr(0, target.find('#'));
  const std::size_t question = target.find('?');
  Target split{.path = std::string(target.substr(0, question)), .query = {}};
  if (question != std::string_view::npos) split.query = std::string(target.substr(question + 1));
  return split;
}

std::string render_response(const HttpResponse& response, bool keep_alive, bool for_head, Timestamp now) {
  std::string out;
  out.reserve(256 + response.body.size());
  out += "HTTP/1.1 ";
  out += std::to_string(response.status);
  out += ' ';
  out += title_of(response.status);
  out += "\r\nServer: sotto\r\nDate: ";
  out += http_date(now);
  for (const HttpHeader& header : response.headers) {
    if (!is_header_safe(header.name) || !is_header_safe(header.value)) continue;
    out += "\r\n";
    out += header.name;
    out += ": ";
    out += header.value;
  }
  if (!response.content_type.empty()) {
    out += "\r\nContent-Type: ";
    out += response.content_type;
  }
  const bool bodiless = response.status == 204 || response.status == 304;  // RFC 9110 §8.6
  if (!bodiless) {
    out += "\r\nContent-Length: ";
    out += std::to_string(response.body.size());
  }
  out += keep_alive ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
  if (!bodiless && !for_head) out += response.body;
  return out;
}

UpgradeJudgement judge_upgrade(const HttpRequest& request) {
  if (!has_element(request, "Connection", "upgrade") || !has_element(request, "Upgrade", "websocket")) {
    HttpResponse response = problem(426, "upgrade_required", "/ws/connect speaks WebSocket only");
    response.headers.push_back({"Upgrade", "websocket"});
    return refused(std::move(response));
  }
  if (request.method != "GET") return refused(problem(400, "bad_request", "a WebSocket is opened with GET"));
  if (request.header("Sec-WebSocket-Version") != "13") {
    HttpResponse response = problem(426, "upgrade_required", "Sec-WebSocket-Version: only 13 is spoken");
    response.headers.push_back({"Sec-WebSocket-Version", "13"});
    return refused(std::move(response));
  }
  constexpr std::size_t kKeyLength = 24;  // 16 bytes in base64 (RFC 6455 §4.1)
  if (request.header("Sec-WebSocket-Key").value_or("").size() != kKeyLength) {
    return refused(problem(400, "bad_request", "Sec-WebSocket-Key: must be 16 bytes in base64"));
  }

  constexpr std::string_view kBearerProtocol = "bearer.";
  Upgrade upgrade;
  const std::vector<std::string_view> offered = list_of(request, "Sec-WebSocket-Protocol");
  for (const std::string_view subprotocol : offered) {
    if (subprotocol.starts_with(kBearerProtocol)) {
      upgrade.token = std::string(subprotocol.substr(kBearerProtocol.size()));
    } else if (upgrade.subprotocol.empty() && subprotocol == kBinarySubprotocol) {
      upgrade.format = WireFormat::binary;
      upgrade.subprotocol = kBinarySubprotocol;
    } else if (upgrade.subprotocol.empty() && subprotocol == kJsonSubprotocol) {
      upgrade.subprotocol = kJsonSubprotocol;
    }
  }
  // A browser that offers its token alone gets JSON, as where nothing is offered.
  const bool only_token = offered.size() == 1 && !upgrade.token.empty();
  if (!offered.empty() && upgrade.subprotocol.empty() && !only_token) {
    return refused(problem(400, "unsupported_subprotocol",
                           "Sec-WebSocket-Protocol: offer sotto.v1 or sotto.v1.json, or none for JSON"));
  }
  if (const auto token = bearer_token(request)) upgrade.token = std::string(*token);
  if (upgrade.token.empty()) {
    HttpResponse response = problem(401, "unauthorized",
                                    "no access token: Authorization: Bearer, or the "
                                    "subprotocol bearer.{token}");
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
    return refused(std::move(response));
  }
  return {.upgrade = std::move(upgrade), .refusal = {}};
}

}  // namespace sotto::server
