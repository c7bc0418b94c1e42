// A whole gateway on a free loopback port, on a real store in a folder of its own, and clients that speak to
// it in raw bytes, well or badly.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "proto/frame_codec.hpp"
#include "server/adapters/embedded/embedded_storage.hpp"
#include "server/adapters/memory/memory_session_registry.hpp"
#include "server/application/application.hpp"
#include "server/gateway/http.hpp"
#include "server/gateway/net/gateway.hpp"
#include "server/metrics/metrics.hpp"
#include "tests/unit/server/fake_storage.hpp"

namespace sotto::server {

/// A blocking TCP client. Nothing waits longer than kPatience: a test that would hang fails.
class RawClient {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  explicit RawClient(std::uint16_t port);
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();

  /// False: the connection is broken.
  bool send(std::string_view bytes);
  /// The next bytes; nothing at the end of the connection.
  std::optional<std::string> receive();
  /// Everything until the server closes.
  std::string receive_all();
  /// Up to and including `end`.
  std::string receive_until(std::string_view end);
  std::string receive_exactly(std::size_t size);
  /// The status and the whole response, by its Content-Length.
  struct Response {
    int status = 0;
    std::string head;
    std::string body;
  };
  Response response();
  void shut_down_sending();
  /// Ends the connection with a TCP reset.
  void reset();
  /// The kernel's buffers as small as it allows, so that a reader who does not read is noticed soon.
  static RawClient with_small_buffers(std::uint16_t port);

  // ---- WebSocket
  /// Upgrades; the response's status, 101 if it worked. `behind` is sent together with the request.
  Response upgrade(const std::string& token, const std::string& subprotocols = "",
                   const std::string& behind = "");
  static std::string frame(unsigned opcode, std::string_view payload, bool final = true, bool masked = true);
  bool send_text(std::string_view payload) { return send(frame(1, payload)); }
  bool send_binary(std::string_view payload) { return send(frame(2, payload)); }
  struct Frame {
    unsigned opcode = 0;
    std::string payload;
    [[nodiscard]] int close_code() const;
  };
  /// The next frame that is no ping; pings are answered.
  std::optional<Frame> next_frame(bool answer_pings = true);
  /// The next server frame, decoded.
  v1::ServerFrame next(WireFormat format = WireFormat::json);
  bool send(const v1::ClientFrame& frame, WireFormat format = WireFormat::json);

 private:
  RawClient(std::uint16_t port, int buffer_bytes);
  int socket_ = -1;
  std::string pending_;
};

class GatewayTest : public testing::Test, public HttpApi {
 protected:
  GatewayTest();
  ~GatewayTest() override;

  /// With `config` and `limits` as the test has left them.
  void start();
  void stop();
  /// The same application behind another gateway.
  Result<void, std::string> start_another(Gateway& other);
  struct Person {
    Caller caller;
    std::string token;
  };
  Person sign_in(const std::string& phone, std::optional<DeviceId> device = std::nullopt);
  /// Runs it in a write job and waits for the commit.
  void write(std::function<void(Store&, WriteContext&)> work);
  ConversationId open_direct(const Person& a, const Person& b);
  RawClient connect() { return RawClient(gateway->port()); }
  /// Connected, greeted, synced.
  RawClient online(const Person& person, WireFormat format = WireFormat::json);
  static void wait_until(const std::function<bool()>& condition);

  /// Echoes what was asked; a test may replace it.
  void handle(HttpRequest request, HttpResponder respond) override;

  GatewayConfig config;
  Limits limits;
  Metrics metrics;
  std::function<void(HttpRequest, HttpResponder)> api;
  std::string folder;
  std::unique_ptr<EmbeddedStorage> storage;
  MemorySessionRegistry registry;
  std::unique_ptr<Gateway> gateway;

 private:
  NoPush no_push_;
  NoOtp no_otp_;
  std::optional<Application> app_;
};

}  // namespace sotto::server
