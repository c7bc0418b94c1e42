#include "sdk/net/url.hpp"

#include <algorithm>

#include <boost/url/grammar/ci_string.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace sotto::net {

namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

Error bad_url(const char* why) {
  return {ErrorCode::invalid_argument, std::string("the server's URL ") + why};
}

/// RFC 1123 §2.1, the underscore that some networks use, and names beyond ASCII, which the resolver judges.
bool may_stand_in_host(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

std::string Url::server() const {
  return bracketed(host) + ":" + std::to_string(port);
}

Result<Url> parse_url(std::string_view text) {
  auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed) return bad_url("is not a URL");
  const boost::urls::url_view view = *parsed;

  Url url;
  const auto scheme = view.scheme_id();  // whatever its case
  url.tls = scheme == boost::urls::scheme::https || scheme == boost::urls::scheme::wss;
  url.websocket = scheme == boost::urls::scheme::ws || scheme == boost::urls::scheme::wss;
  if (!url.tls && !url.websocket && scheme != boost::urls::scheme::http)
    return bad_url("has to start with http, https, ws or wss");
  if (view.has_userinfo()) return bad_url("holds a user name");
  if (view.has_fragment()) return bad_url("holds a fragment");

  url.host = view.host_type() == boost::urls::host_type::ipv6 ? std::string(view.host_address())
                                                              : std::string(view.host());
  if (url.host.empty()) return bad_url("names no host");
  std::transform(url.host.begin(), url.host.end(), url.host.begin(), boost::urls::grammar::to_lower);
  // Percent-encoded, anything can stand there; and it goes into the Host header and to the resolver.
  if (view.host_type() != boost::urls::host_type::ipv6 &&
      !std::all_of(url.host.begin(), url.host.end(), may_stand_in_host)) {
    return bad_url("has a host that is no host name");
  }
  const std::uint16_t usual_port = url.tls ? kHttpsPort : kHttpPort;
  url.port = usual_port;
  if (view.has_port() && !view.port().empty()) {
    url.port = view.port_number();  // 0 as well where the digits do not fit
    if (url.port == 0) return bad_url("has a port that is no port");
  }
  url.authority = bracketed(url.host);
  if (url.port != usual_port) url.authority += ":" + std::to_string(url.port);

  // Boost.URL 1.81 takes "127.0.0.1.example" for an address and a path after it.
  const std::string path(view.encoded_path());
  if (!path.empty() && path.front() != '/') return bad_url("has a host that is no host name");
  url.target = std::string(view.encoded_target());
  if (path.empty()) url.target.insert(0, "/");
  return url;
}

}  // namespace sotto::net
