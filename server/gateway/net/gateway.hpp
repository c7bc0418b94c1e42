// The server's front: one port that speaks HTTP/1.1 (handed to an HttpApi) and WebSocket (`/ws/connect`,
// handed to sessions), on one io thread for each core.
//
//   Gateway gateway(config, metrics);
//   storage.start(gateway.events());                 // what was committed goes out to connected devices
//   auto started = gateway.start(app, api);
//   if (!started) return fail(started.error());      // "127.0.0.1:8080 is in use"
//   ... wait for SIGTERM ...
//   gateway.drain(5s);                               // going_away to everyone, then closes
//   gateway.stop();
//   storage.close();                                 // before the gateway is destroyed: jobs report to it
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/protocol.hpp"
#include "server/config/address.hpp"
#include "server/model/defaults.hpp"
#include "sotto/result.hpp"

namespace sotto::server {

class EventSink;
struct Application;
class HttpApi;
struct Metrics;

struct GatewayConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;   ///< 0: any free one, see Gateway::port
  unsigned io_threads = 0;  ///< 0: one for each core
  bool io_uring = true;     ///< for messages to many connections, where the kernel has it

  /// PEM files; both or neither.
  std::string tls_certificate_file;
  std::string tls_key_file;
  /// Whose X-Forwarded-For is believed (client_address.hpp); nobody's by default.
  std::vector<AddressRange> trusted_proxies;

  std::size_t max_connections = defaults::kConnections;
  /// Loopback is not counted: tests and proxies live there. 0: no limit.
  std::size_t max_connections_per_address = defaults::kConnectionsPerAddress;

  std::size_t max_header_bytes = defaults::kHeaderBytes;
  std::size_t max_body_bytes = defaults::kBodyBytes;
  Milliseconds request_timeout = defaults::kRequestTimeout;       ///< from a request's first byte to its last
  Milliseconds keep_alive_timeout = defaults::kKeepAliveTimeout;  ///< between requests

  std::uint32_t max_frame_bytes = defaults::kFrameBytes;
  /// Of a slow client; past it live frames come from the store.
  std::size_t max_queued_bytes = defaults::kQueuedBytes;
  Milliseconds ping_interval = defaults::kPingInterval;
  Milliseconds silence_limit = defaults::kSilenceLimit;

  /// Frames of a device: sustained and burst. 0: no limit.
  unsigned frames_per_second = defaults::kFramesPerSecond;
  unsigned frames_burst = defaults::kFramesBurst;
  /// Their bytes, likewise.
  std::uint64_t bytes_per_second = defaults::kBytesPerSecond;
  std::uint64_t bytes_burst = defaults::kBytesBurst;

  /// Clients are told to come back after a random part of this, so that they do not all come at once.
  Milliseconds reconnect_spread = defaults::kReconnectSpread;

  friend bool operator==(const GatewayConfig&, const GatewayConfig&) = default;
};

class Gateway {
 public:
  Gateway(GatewayConfig config, Metrics& metrics);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();  ///< stops

  /// Where the storage reports what it has committed. Usable at once; goes nowhere until `start`.
  EventSink& events();

  /// Binds, then serves. The error says in one line what is wrong with which address, file or setting.
  Result<void, std::string> start(Application& app, HttpApi& api);
  [[nodiscard]] std::uint16_t port() const;

  /// Reads certificate and key again, for the connections to come. On an error the old ones stay in use.
  /// After `start`, with TLS.
  Result<void, std::string> reload_certificate();

  /// No new connections; every client is told `going_away` and closed (1012); requests under way are
  /// answered. Returns when all are gone or `limit` is over.
  void drain(std::chrono::milliseconds limit);
  /// Ends the threads. Nothing is called afterwards.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::server
