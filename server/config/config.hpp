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
#include "server/model/defaults.hpp"

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
  std::uint64_t max_connections = defaults::kConnections;
  std::uint64_t max_connections_per_address = defaults::kConnectionsPerAddress;
  std::uint64_t max_header_size = defaults::kHeaderBytes;
  std::uint64_t max_body_size = defaults::kBodyBytes;
  Milliseconds request_timeout = defaults::kRequestTimeout;
  Milliseconds keep_alive_timeout = defaults::kKeepAliveTimeout;
  Milliseconds ping_interval = defaults::kPingInterval;
  Milliseconds silence_limit = defaults::kSilenceLimit;
  Milliseconds reconnect_spread = defaults::kReconnectSpread;
  Milliseconds drain_timeout = defaults::kDrainTimeout;

  // Storage
  std::string data = "sotto-data";
  std::uint64_t node_id = 0;
  std::uint64_t storage_readers = defaults::kStorageReaders;
  std::uint64_t message_retention_days = 0;
  Milliseconds max_clock_lag = defaults::kClockLag;
  Milliseconds max_clock_jump = defaults::kClockJump;
  bool joined_log = true;

  // Messages and groups
  std::uint64_t max_frame_size = defaults::kFrameBytes;
  std::uint64_t max_queued_size = defaults::kQueuedBytes;
  std::uint64_t max_group_members = defaults::kGroupMembers;
  std::uint64_t write_fanout_max_members = defaults::kWriteFanoutMembers;
  bool require_encryption = false;
  Milliseconds receipt_flush_interval = defaults::kReceiptFlush;
  Milliseconds presence_ttl = defaults::kPresenceTtl;
  Milliseconds presence_heartbeat = defaults::kPresenceHeartbeat;
  Milliseconds last_seen_interval = defaults::kLastSeenInterval;

  // Rate limits; 0 is none
  std::uint64_t messages_per_second = defaults::kFramesPerSecond;
  std::uint64_t message_burst = defaults::kFramesBurst;
  std::uint64_t message_bytes_per_second = defaults::kBytesPerSecond;
  std::uint64_t message_bytes_burst = defaults::kBytesBurst;
  std::uint64_t rest_reads_per_second = defaults::kRestReadsPerSecond;
  std::uint64_t rest_read_burst = defaults::kRestReadBurst;
  std::uint64_t rest_writes_per_second = defaults::kRestWritesPerSecond;
  std::uint64_t rest_write_burst = defaults::kRestWriteBurst;
  std::uint64_t logins_per_minute = defaults::kLoginsPerMinute;
  std::uint64_t otp_per_hour = defaults::kOtpPerHour;
  std::uint64_t contact_lookups_per_day = defaults::kContactLookupsPerDay;

  // Sign-in
  OtpSenderKind otp_sender = OtpSenderKind::console;
  std::string otp_webhook_url;
  SecretBytes otp_webhook_secret;
  Milliseconds otp_webhook_timeout = defaults::kOtpWebhookTimeout;

  // Log and metrics
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::logfmt;
  SecretBytes metrics_token;

  /// `--dev` only: loopback, the code 000000 for any number, no rate limits unless they are given.
  bool dev = false;
};

}  // namespace sotto::server
