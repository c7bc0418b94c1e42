// Everything an operator can set, with its default. The member's name is the key's name: `max_group_members`
// is `max_group_members = 500` in the file, `SOTTO_MAX_GROUP_MEMBERS` in the environment and
// `--max-group-members` on the command line. `keys.hpp` holds the ranges and explanations, `load.hpp` reads
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/protocol.hpp"
#include "base/secret.hpp"
#include "server/config/address.hpp"
#include "server/logging/log.hpp"

namespace sotto::server {

enum class OtpSenderKind { console, webhook };

struct Config {
  // Network
  Endpoint listen{*parse_address("127.0.0.1"), 7070};
  std::string tls_certificate;
  std::string tls_private_key;
  bool behind_proxy = false;
  std::vector<AddressRange> trusted_proxies{*parse_address_range("127.0.0.0/8"), *parse_address_range("::1")};
  std::vector<std::string> allowed_origins;
  std::uint64_t io_threads = 0;
  bool io_uring = true;
  std::uint64_t max_connections = 100'000;
  std::uint64_t max_connections_per_address = 1'000;
  std::uint64_t max_header_size = 16 * 1024;
  // The largest body of the API is a group of 500 ids or 500 phone numbers: some 12 KiB.
  std::uint64_t max_body_size = 64 * 1024;
  Milliseconds request_timeout = std::chrono::seconds(15);
  Milliseconds keep_alive_timeout = std::chrono::seconds(60);
  Milliseconds ping_interval = std::chrono::seconds(30);
  Milliseconds silence_limit = std::chrono::seconds(75);
  Milliseconds reconnect_spread = std::chrono::seconds(10);
  Milliseconds drain_timeout = std::chrono::seconds(10);

  // Storage
  std::string data = "sotto-data";
  std::uint64_t node_id = 0;
  std::uint64_t storage_readers = 2;
  std::uint64_t message_retention_days = 0;

  // Messages and groups
  std::uint64_t max_frame_size = ProtocolLimits{}.frame_bytes;
  std::uint64_t max_queued_size = 256 * 1024;
  std::uint64_t max_group_members = ProtocolLimits{}.group_members;
  std::uint64_t write_fanout_max_members = 100;
  bool require_encryption = false;
  Milliseconds receipt_flush_interval{500};
  Milliseconds presence_ttl = std::chrono::seconds(90);
  Milliseconds presence_heartbeat = std::chrono::seconds(60);
  Milliseconds last_seen_interval = std::chrono::hours(1);

  // Rate limits; 0 is none
  std::uint64_t messages_per_second = 20;
  std::uint64_t message_burst = 100;
  std::uint64_t message_bytes_per_second = 128 * 1024;
  std::uint64_t message_bytes_burst = 2 * 1024 * 1024;
  std::uint64_t rest_reads_per_second = 20;
  std::uint64_t rest_read_burst = 300;
  std::uint64_t rest_writes_per_second = 5;
  std::uint64_t rest_write_burst = 60;
  std::uint64_t logins_per_minute = 10;
  std::uint64_t otp_per_hour = 5;
  std::uint64_t contact_lookups_per_day = 5'000;

  // Sign-in
  OtpSenderKind otp_sender = OtpSenderKind::console;
  std::string otp_webhook_url;
  SecretBytes otp_webhook_secret;
  Milliseconds otp_webhook_timeout = std::chrono::seconds(5);

  // Log and metrics
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::logfmt;
  SecretBytes metrics_token;

  /// `--dev` only: loopback, the code 000000 for any number, no rate limits unless they are given.
  bool dev = false;
};

}  // namespace sotto::server
