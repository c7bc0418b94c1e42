// Settings that contradict each other, or that would make the server less safe than its operator thinks.
#include <memory>
#include <string>

#include <curl/curl.h>

#include "server/config/keys.hpp"
#include "server/model/limits.hpp"

namespace sotto::server {
namespace {

// libcurl's own parser, since it is libcurl that will connect: two parsers may read two hosts into one URL.
std::optional<std::string> part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

std::optional<std::string> check_webhook(const std::string& text) {
  if (text.empty()) return "otp_webhook_url: is missing, and otp_sender is webhook";
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  const bool parsed = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
  const auto scheme = part_of(url.get(), CURLUPART_SCHEME);
  auto host = part_of(url.get(), CURLUPART_HOST);
  if (!parsed || !host || host->empty() || (scheme != "https" && scheme != "http"))
    return "otp_webhook_url: \"" + text + "\" is not a URL like https://codes.example/send";
  if (host->front() == '[') host = host->substr(1, host->size() - 2);
  const auto address = parse_address(*host);
  const bool local = host == "localhost" || (address && address->is_loopback());
  if (scheme == "http" && !local)
    return "otp_webhook_url: http:// would send codes across the network in the clear; use https://";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_config(const Config& c) {
  if (c.tls_certificate.empty() != c.tls_private_key.empty())
    return std::string("tls_certificate and tls_private_key: one of them is missing");
  const bool tls = !c.tls_certificate.empty();
  const bool loopback = c.listen.address.is_loopback();
  if (c.dev && !loopback)
    return "listen: --dev accepts the code 000000 from anyone, so it listens on loopback only, not on " +
           to_string(c.listen);
  if (c.dev && c.behind_proxy)
    return std::string(
        "behind_proxy: --dev accepts the code 000000 from anyone, so it must not be behind a proxy");
  if (!loopback && !tls && !c.behind_proxy)
    return "listen: " + to_string(c.listen) +
           " is not loopback, and tokens and messages would cross the network in the clear; "
           "set tls_certificate and tls_private_key, or behind_proxy if something in front terminates TLS";
  if (c.data.empty()) return std::string("data: is empty");
  if (c.silence_limit <= c.ping_interval)
    return std::string("silence_limit: must be more than ping_interval, or quiet clients are cut off");
  if (c.presence_ttl <= c.presence_heartbeat)
    return std::string("presence_ttl: must be more than presence_heartbeat, or people flicker");
  if (const auto body = kGroupBodyHead + c.max_group_members * kIdInBody; body > c.max_body_size)
    return "max_group_members: a request that names " + std::to_string(c.max_group_members) +
           " people takes " + std::to_string(body) + " bytes; set max_body_size to that, or more";
  if (c.messages_per_second > 0 && c.message_burst < c.messages_per_second)
    return std::string("message_burst: must be at least messages_per_second");
  if (c.message_bytes_per_second > c.message_bytes_burst)
    return std::string("message_bytes_burst: must be at least message_bytes_per_second");
  if (c.rest_reads_per_second > c.rest_read_burst)
    return std::string("rest_read_burst: must be at least rest_reads_per_second");
  if (c.rest_writes_per_second > c.rest_write_burst)
    return std::string("rest_write_burst: must be at least rest_writes_per_second");
  if (c.otp_sender == OtpSenderKind::webhook) return check_webhook(c.otp_webhook_url);
  return std::nullopt;
}

}  // namespace sotto::server
