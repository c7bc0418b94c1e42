#include "server/process/settings.hpp"

namespace sotto::server {
namespace {

// The limits' own types are narrower; the key table has seen to the range.
template <class T>
T narrow(std::uint64_t value) {
  return static_cast<T>(value);
}

/// 0 in the configuration is "no limit", which to a token bucket is one that nobody can empty.
constexpr std::uint32_t kUnlimited = 1'000'000'000;

std::uint32_t rate(std::uint64_t value) {
  return value == 0 ? kUnlimited : narrow<std::uint32_t>(value);
}

std::uint32_t burst(std::uint64_t per_second, std::uint64_t value) {
  return per_second == 0 ? kUnlimited : narrow<std::uint32_t>(value);
}

}  // namespace

Limits limits_of(const Config& config) {
  Limits limits;
  limits.frame_bytes = config.max_frame_size;
  limits.group_members = config.max_group_members;
  limits.write_fanout_members = config.write_fanout_max_members;
  limits.require_encryption = config.require_encryption;
  limits.receipt_flush = config.receipt_flush_interval;
  limits.presence_ttl = config.presence_ttl;
  limits.presence_heartbeat = config.presence_heartbeat;
  limits.last_seen_interval = config.last_seen_interval;
  limits.retention_days = narrow<std::uint32_t>(config.message_retention_days);
  limits.clock_jump = config.max_clock_jump;
  limits.rate_limits = config.logins_per_minute != 0 || config.otp_per_hour != 0 ||
                       config.contact_lookups_per_day != 0 || config.rest_reads_per_second != 0 ||
                       config.rest_writes_per_second != 0;
  limits.rest_reads_per_second = rate(config.rest_reads_per_second);
  limits.rest_read_burst = burst(config.rest_reads_per_second, config.rest_read_burst);
  limits.rest_writes_per_second = rate(config.rest_writes_per_second);
  limits.rest_write_burst = burst(config.rest_writes_per_second, config.rest_write_burst);
  limits.logins_per_minute = rate(config.logins_per_minute);
  limits.otp_per_hour = rate(config.otp_per_hour);
  limits.contact_lookups_per_day = rate(config.contact_lookups_per_day);
  return limits;
}

GatewayConfig gateway_config_of(const Config& config) {
  GatewayConfig gateway;
  gateway.address = to_string(config.listen.address);
  gateway.port = config.listen.port;
  gateway.io_threads = narrow<unsigned>(config.io_threads);
  gateway.io_uring = config.io_uring;
  gateway.tls_certificate_file = config.tls_certificate;
  gateway.tls_key_file = config.tls_private_key;
  if (config.behind_proxy) gateway.trusted_proxies = config.trusted_proxies;
  gateway.max_connections = config.max_connections;
  gateway.max_connections_per_address = config.max_connections_per_address;
  gateway.max_header_bytes = config.max_header_size;
  gateway.max_body_bytes = config.max_body_size;
  gateway.request_timeout = config.request_timeout;
  gateway.keep_alive_timeout = config.keep_alive_timeout;
  gateway.max_frame_bytes = narrow<std::uint32_t>(config.max_frame_size);
  gateway.max_queued_bytes = config.max_queued_size;
  gateway.ping_interval = config.ping_interval;
  gateway.silence_limit = config.silence_limit;
  gateway.frames_per_second = narrow<unsigned>(config.messages_per_second);
  gateway.frames_burst = narrow<unsigned>(config.message_burst);
  gateway.bytes_per_second = config.message_bytes_per_second;
  gateway.bytes_burst = config.message_bytes_burst;
  gateway.reconnect_spread = config.reconnect_spread;
  return gateway;
}

WebhookOtpSender::Options webhook_options_of(const Config& config) {
  WebhookOtpSender::Options options;
  options.url = config.otp_webhook_url;
  options.secret = config.otp_webhook_secret.clone();
  options.timeout = config.otp_webhook_timeout;
  options.code_lifetime = kOtpLifetime;
  return options;
}

}  // namespace sotto::server
