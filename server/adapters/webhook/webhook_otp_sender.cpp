#include "server/adapters/webhook/webhook_otp_sender.hpp"

#include <array>
#include <memory>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <curl/curl.h>
#include <sodium.h>

#include "base/bytes.hpp"
#include "server/logging/log.hpp"

namespace sotto::server {
namespace {

using CurlHandle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using CurlHeaders = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// Whatever the endpoint says in its body is not wanted, and must not be collected without bound.
std::size_t discard(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

void add_header(CurlHeaders& headers, const std::string& line) {
  if (auto* longer = curl_slist_append(headers.get(), line.c_str())) {
    (void)headers.release();
    headers.reset(longer);
  }
}

std::string now_in_seconds() {
  return std::to_string(
      std::chrono::floor<std::chrono::seconds>(wall_clock_now()).time_since_epoch().count());
}

}  // namespace

std::string webhook_signature(const SecretBytes& secret, std::string_view timestamp, std::string_view body) {
  std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, secret.data(), secret.size());
  for (const std::string_view part : {timestamp, std::string_view("."), body})
    crypto_auth_hmacsha256_update(&state, as_bytes(part).data(), part.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  return to_hex(mac);
}

WebhookOtpSender::WebhookOtpSender(Options options, Metrics& metrics)
    : options_(std::move(options)),
      queue_(
          options_.queue_capacity, [this](const OtpMessage& message) { return post(message); }, metrics) {}

bool WebhookOtpSender::post(const OtpMessage& message) const {
  const auto lifetime = std::chrono::floor<std::chrono::seconds>(options_.code_lifetime).count();
  const std::string body = boost::json::serialize(boost::json::object{
      {"phone_number", message.phone_number}, {"code", message.code}, {"expires_in", lifetime}});

  const CurlHandle curl(curl_easy_init(), &curl_easy_cleanup);
  CurlHeaders headers(nullptr, &curl_slist_free_all);
  add_header(headers, "Content-Type: application/json");
  add_header(headers, "Expect:");  // no 100-continue: the body is smaller than the wait
  if (!options_.secret.empty()) {
    const std::string timestamp = now_in_seconds();
    add_header(headers, "Sotto-Timestamp: " + timestamp);
    add_header(headers, "Sotto-Signature: " + webhook_signature(options_.secret, timestamp, body));
  }
  curl_easy_setopt(curl.get(), CURLOPT_URL, options_.url.c_str());
  // No other protocol, and no redirect: the code goes where the operator said and nowhere else.
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &discard);
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "sotto-server");

  const CURLcode result = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (result == CURLE_OK && status >= 200 && status < 300) return true;
  if (result != CURLE_OK)
    log::warn("otp_not_sent", {{"reason", log::text(curl_easy_strerror(result))}});
  else
    log::warn("otp_not_sent", {{"reason", "the webhook refused it"}, {"status", status}});
  return false;
}

}  // namespace sotto::server
