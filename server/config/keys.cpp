#include "server/config/keys.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "server/config/key_kinds.hpp"
#include "server/model/limits.hpp"

namespace sotto::server {
namespace {

std::vector<ConfigKey> make_keys() {
  using namespace key_kinds;
  using namespace std::chrono_literals;
  constexpr auto kNet = "Network", kStore = "Storage", kChat = "Messages, groups, presence",
                 kRate = "Rate limits (0: none)", kSign = "Sign-in", kLog = "Log and metrics";
  constexpr std::uint64_t kKiB = 1024, kMiB = 1024 * kKiB;
  using C = Config;
  std::vector<ConfigKey> keys;
  const auto add = [&](ConfigKey key) { keys.push_back(std::move(key)); };

  add(endpoint("listen", kNet, &C::listen, "Where to listen; port 0 takes any free one"));
  add(text("tls_certificate", kNet, "FILE", &C::tls_certificate,
           "TLS certificate with its chain, PEM; read again on SIGHUP"));
  add(text("tls_private_key", kNet, "FILE", &C::tls_private_key, "The certificate's private key, PEM"));
  add(truth("behind_proxy", kNet, &C::behind_proxy,
            "Something in front of the server terminates TLS, so it may listen beyond loopback without"));
  add(address_ranges(
      "trusted_proxies", kNet, &C::trusted_proxies,
      "Whose X-Forwarded-For is believed with behind_proxy: addresses, ranges like 10.0.0.0/8"));
  add(origins("allowed_origins", kNet, &C::allowed_origins,
              "Web pages that may call the API (CORS), like https://chat.example; * is any"));
  add(count("io_threads", kNet, &C::io_threads, 0, 256, "Threads for connections; 0 is one for each core"));
  add(truth("io_uring", kNet, &C::io_uring,
            "Messages to many connections leave through io_uring, where the kernel has it and allows it"));
  add(count("max_connections", kNet, &C::max_connections, 1, 10'000'000, "Connections at a time"));
  add(count(
      "max_connections_per_address", kNet, &C::max_connections_per_address, 0, 10'000'000,
      "Connections at a time from one address (IPv6: one /64), of a proxy's clients WebSockets; loopback "
      "is not counted; 0 is no limit"));
  add(size("max_header_size", kNet, &C::max_header_size, 1 * kKiB, 1 * kMiB, "Head of an HTTP request"));
  add(size("max_body_size", kNet, &C::max_body_size, 1 * kKiB, 16 * kMiB, "Body of an HTTP request"));
  add(duration("request_timeout", kNet, &C::request_timeout, 1s, 10min,
               "From a request's first byte to its last"));
  add(duration("keep_alive_timeout", kNet, &C::keep_alive_timeout, 1s, 1h, "Between two requests"));
  add(duration("ping_interval", kNet, &C::ping_interval, 1s, 1h, "Between WebSocket pings"));
  add(duration("silence_limit", kNet, &C::silence_limit, 2s, 2h,
               "A WebSocket that has said nothing for so long is closed"));
  add(duration("reconnect_spread", kNet, &C::reconnect_spread, 0ms, 10min,
               "On shutdown clients are told to return within a random part of this"));
  add(duration("drain_timeout", kNet, &C::drain_timeout, 0ms, 10min,
               "How long a shutdown waits for connections to close"));

  add(text("data", kStore, "DIR", &C::data, "Where everything is kept; made if it is missing"));
  add(count("node_id", kStore, &C::node_id, 0, 1023,
            "This server's number in the ids it makes; never the same for two servers"));
  add(count("storage_readers", kStore, &C::storage_readers, 1, 64, "Threads that read from the database"));
  add(count("message_retention_days", kStore, &C::message_retention_days, 0, 36'500,
            "Messages older than this are deleted; 0 keeps them for ever"));
  add(duration(
      "max_clock_lag", kStore, &C::max_clock_lag, 0ms, 24h * 36'500,
      "The server does not start if its clock is further behind the newest thing stored; more lets it "
      "start, and new messages bear times in the future until the clock has caught up"));
  add(duration(
      "max_clock_jump", kStore, &C::max_clock_jump, 1h, 24h * 36'500,
      "If the clock is further ahead of where it was an hour ago or when the server stopped, retention "
      "deletes nothing until the server has run for a day"));
  add(truth("joined_log", kStore, &C::joined_log,
            "What is logged is joined to fewer writes; off is SQLite's own way to the disk"));

  add(size("max_frame_size", kChat, &C::max_frame_size, 1 * kKiB, kMaxFrameBytes,
           "One WebSocket message; clients take no larger ones"));
  add(size("max_queued_size", kChat, &C::max_queued_size, 16 * kKiB, 64 * kMiB,
           "What waits for a slow client before it is served from the store"));
  add(count("max_group_members", kChat, &C::max_group_members, 2, kMaxGroupMembers, "People in a group"));
  add(count("write_fanout_max_members", kChat, &C::write_fanout_max_members, 0, 100'000,
            "A message to more people than this is stored once and not in each mailbox"));
  add(truth("require_encryption", kChat, &C::require_encryption, "Refuse messages that are not encrypted"));
  add(duration("receipt_flush_interval", kChat, &C::receipt_flush_interval, 0ms, 1min,
               "Receipts are collected for so long and written together"));
  add(duration("presence_ttl", kChat, &C::presence_ttl, 2s, 1h,
               "Somebody not heard of for so long is offline; more than presence_heartbeat"));
  add(duration("presence_heartbeat", kChat, &C::presence_heartbeat, 1s, 1h,
               "How often a connection says that it is there"));
  add(duration("last_seen_interval", kChat, &C::last_seen_interval, 1min, 24h,
               "How often \"last seen\" is written for somebody who stays online"));

  add(count("messages_per_second", kRate, &C::messages_per_second, 0, 1'000'000,
            "Frames of one device, sustained"));
  add(count("message_burst", kRate, &C::message_burst, 1, 1'000'000, "Frames of one device, at once"));
  add(size("message_bytes_per_second", kRate, &C::message_bytes_per_second, 0, 1024 * kMiB,
           "Bytes of one device's frames, sustained"));
  add(size("message_bytes_burst", kRate, &C::message_bytes_burst, 1 * kKiB, 1024 * kMiB,
           "Bytes of one device's frames, at once"));
  add(count("rest_reads_per_second", kRate, &C::rest_reads_per_second, 0, 1'000'000,
            "REST requests of one account that only read, sustained"));
  add(count("rest_read_burst", kRate, &C::rest_read_burst, 1, 1'000'000,
            "REST requests of one account that only read, at once"));
  add(count("rest_writes_per_second", kRate, &C::rest_writes_per_second, 0, 1'000'000,
            "REST requests of one account that change something, sustained"));
  add(count("rest_write_burst", kRate, &C::rest_write_burst, 1, 1'000'000,
            "REST requests of one account that change something, at once"));
  add(count("logins_per_minute", kRate, &C::logins_per_minute, 0, 1'000'000,
            "Logins and requests for codes from one address"));
  add(count("otp_per_hour", kRate, &C::otp_per_hour, 0, 1'000'000, "Codes for one phone number"));
  add(count("contact_lookups_per_day", kRate, &C::contact_lookups_per_day, 0, 10'000'000,
            "Phone numbers looked up by one person"));

  add(choice<OtpSenderKind>("otp_sender", kSign, &C::otp_sender,
                            {{"console", OtpSenderKind::console}, {"webhook", OtpSenderKind::webhook}},
                            "Who delivers one-time codes: standard output, or an HTTP endpoint of yours"));
  add(text("otp_webhook_url", kSign, "URL", &C::otp_webhook_url,
           "Receives POST {\"phone_number\", \"code\", \"expires_in\"}"));
  add(secret("otp_webhook_secret", kSign, &C::otp_webhook_secret,
             "Signs the webhook's requests: Sotto-Signature is HMAC-SHA256 of timestamp, \".\", body"));
  add(duration("otp_webhook_timeout", kSign, &C::otp_webhook_timeout, 100ms, 1min,
               "How long one webhook request may take"));

  add(choice<log::Level>("log_level", kLog, &C::log_level,
                         {{"debug", log::Level::debug},
                          {"info", log::Level::info},
                          {"warn", log::Level::warn},
                          {"error", log::Level::error},
                          {"off", log::Level::off}},
                         "The least that is logged, to standard error"));
  add(choice<log::Format>("log_format", kLog, &C::log_format,
                          {{"logfmt", log::Format::logfmt}, {"json", log::Format::json}},
                          "How a line of the log is written"));
  add(secret("metrics_token", kLog, &C::metrics_token, "If set, /metrics wants it as Authorization: Bearer"));
  return keys;
}

}  // namespace

std::string ConfigKey::flag() const {
  std::string out = "--" + std::string(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

std::string ConfigKey::environment() const {
  std::string out = "SOTTO_";
  for (const char c : name)
    out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> keys = make_keys();
  return keys;
}

const ConfigKey* find_key(std::string_view name) {
  const auto& keys = config_keys();
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

}  // namespace sotto::server
