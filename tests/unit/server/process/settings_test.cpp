#include "server/process/settings.hpp"

#include <gtest/gtest.h>

#include "server/adapters/embedded/embedded_storage.hpp"
#include "server/gateway/session/session_host.hpp"

namespace sotto::server {
namespace {

using namespace std::chrono_literals;

TEST(Settings, TheDefaultsOfTheConfigurationAreThoseOfTheParts) {
  const Config config;
  EXPECT_EQ(limits_of(config), Limits{});
  GatewayConfig gateway;  // a part of its own takes any free port
  gateway.port = config.listen.port;
  EXPECT_EQ(gateway_config_of(config), gateway);
  EXPECT_EQ(config.max_clock_lag, EmbeddedOptions{}.max_clock_lag);
  EXPECT_EQ(config.storage_readers, EmbeddedOptions{}.readers);
  EXPECT_EQ(config.joined_log, EmbeddedOptions{}.joined_log);
  const SessionSettings session;
  EXPECT_EQ(config.max_frame_size, session.limits.frame_bytes);
  EXPECT_EQ(config.max_queued_size, session.max_queued_bytes);
  EXPECT_EQ(config.ping_interval, session.ping_interval);
  EXPECT_EQ(config.silence_limit, session.silence_limit);
  EXPECT_EQ(config.presence_heartbeat, session.heartbeat);
  EXPECT_EQ(config.otp_webhook_timeout, WebhookOtpSender::Options{}.timeout);
}

TEST(Settings, WhatAnOperatorSetsReachesTheLimits) {
  Config config;
  config.max_frame_size = 1;
  config.max_group_members = 2;
  config.write_fanout_max_members = 3;
  config.require_encryption = true;
  config.receipt_flush_interval = 4ms;
  config.presence_ttl = 5ms;
  config.presence_heartbeat = 6ms;
  config.last_seen_interval = 7ms;
  config.message_retention_days = 8;
  config.max_clock_jump = 12ms;
  config.logins_per_minute = 9;
  config.otp_per_hour = 10;
  config.contact_lookups_per_day = 11;
  config.rest_reads_per_second = 12;
  config.rest_read_burst = 13;
  config.rest_writes_per_second = 14;
  config.rest_write_burst = 15;
  const Limits limits = limits_of(config);
  EXPECT_EQ(limits.frame_bytes, 1u);
  EXPECT_EQ(limits.group_members, 2u);
  EXPECT_EQ(limits.write_fanout_members, 3u);
  EXPECT_TRUE(limits.require_encryption);
  EXPECT_EQ(limits.receipt_flush, 4ms);
  EXPECT_EQ(limits.presence_ttl, 5ms);
  EXPECT_EQ(limits.presence_heartbeat, 6ms);
  EXPECT_EQ(limits.last_seen_interval, 7ms);
  EXPECT_EQ(limits.retention_days, 8u);
  EXPECT_EQ(limits.clock_jump, 12ms);
  EXPECT_EQ(limits.logins_per_minute, 9u);
  EXPECT_EQ(limits.otp_per_hour, 10u);
  EXPECT_EQ(limits.contact_lookups_per_day, 11u);
  EXPECT_EQ(limits.rest_reads_per_second, 12u);
  EXPECT_EQ(limits.rest_read_burst, 13u);
  EXPECT_EQ(limits.rest_writes_per_second, 14u);
  EXPECT_EQ(limits.rest_write_burst, 15u);
}

TEST(Settings, ARateOfZeroIsNoLimitAndLeavesTheOthersInForce) {
  Config config;
  config.logins_per_minute = 0;
  const Limits limits = limits_of(config);
  EXPECT_TRUE(limits.rate_limits);
  EXPECT_GT(limits.logins_per_minute, 1'000'000u);
  EXPECT_EQ(limits.otp_per_hour, 5u);
  config.otp_per_hour = 0;
  config.contact_lookups_per_day = 0;
  config.rest_reads_per_second = 0;
  EXPECT_TRUE(limits_of(config).rate_limits);
  EXPECT_GT(limits_of(config).rest_read_burst, 1'000'000u);
  config.rest_writes_per_second = 0;
  EXPECT_FALSE(limits_of(config).rate_limits);
}

TEST(Settings, WhatAnOperatorSetsReachesTheGateway) {
  Config config;
  config.listen = *parse_endpoint("[::1]:99");
  config.io_threads = 3;
  config.io_uring = false;
  config.tls_certificate = "c";
  config.tls_private_key = "k";
  config.max_connections = 4;
  config.max_connections_per_address = 5;
  config.max_header_size = 6;
  config.max_body_size = 7;
  config.request_timeout = 8ms;
  config.keep_alive_timeout = 9ms;
  config.max_frame_size = 10;
  config.max_queued_size = 11;
  config.ping_interval = 12ms;
  config.silence_limit = 13ms;
  config.messages_per_second = 14;
  config.message_burst = 15;
  config.message_bytes_per_second = 17;
  config.message_bytes_burst = 18;
  config.reconnect_spread = 16ms;
  const GatewayConfig gateway = gateway_config_of(config);
  EXPECT_EQ(gateway.address, "::1");
  EXPECT_EQ(gateway.port, 99);
  EXPECT_EQ(gateway.io_threads, 3u);
  EXPECT_FALSE(gateway.io_uring);
  EXPECT_EQ(gateway.tls_certificate_file, "c");
  EXPECT_EQ(gateway.tls_key_file, "k");
  EXPECT_EQ(gateway.max_connections, 4u);
  EXPECT_EQ(gateway.max_connections_per_address, 5u);
  EXPECT_EQ(gateway.max_header_bytes, 6u);
  EXPECT_EQ(gateway.max_body_bytes, 7u);
  EXPECT_EQ(gateway.request_timeout, 8ms);
  EXPECT_EQ(gateway.keep_alive_timeout, 9ms);
  EXPECT_EQ(gateway.max_frame_bytes, 10u);
  EXPECT_EQ(gateway.max_queued_bytes, 11u);
  EXPECT_EQ(gateway.ping_interval, 12ms);
  EXPECT_EQ(gateway.silence_limit, 13ms);
  EXPECT_EQ(gateway.frames_per_second, 14u);
  EXPECT_EQ(gateway.frames_burst, 15u);
  EXPECT_EQ(gateway.bytes_per_second, 17u);
  EXPECT_EQ(gateway.bytes_burst, 18u);
  EXPECT_EQ(gateway.reconnect_spread, 16ms);
}

TEST(Settings, ProxiesAreTrustedOnlyBehindAProxy) {
  Config config;
  EXPECT_TRUE(gateway_config_of(config).trusted_proxies.empty());
  config.behind_proxy = true;
  EXPECT_EQ(gateway_config_of(config).trusted_proxies, config.trusted_proxies);
}

}  // namespace
}  // namespace sotto::server
