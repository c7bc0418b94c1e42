#include "tests/unit/server/gateway/gateway_fixture.hpp"

#include <cstdlib>
#include <filesystem>
#include <future>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace sotto::server {

// ---------------------------------------------------------------- raw clients

RawClient::RawClient(std::uint16_t port) : RawClient(port, 0) {}

RawClient::RawClient(std::uint16_t port, int buffer_bytes) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  if (buffer_bytes > 0) {
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    ADD_FAILURE() << "cannot connect to port " << port;
  }
}

RawClient RawClient::with_small_buffers(std::uint16_t port) {
  return {port, 4096};
}

RawClient::RawClient(RawClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), pending_(std::move(other.pending_)) {}

RawClient::~RawClient() {
  if (socket_ >= 0) ::close(socket_);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::optional<std::string> RawClient::receive() {
  if (!pending_.empty()) return std::exchange(pending_, {});
  pollfd wait{.fd = socket_, .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) != 1) {
    ADD_FAILURE() << "nothing came";
    return std::nullopt;
  }
  std::string bytes(64 * 1024, '\0');
  const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (got <= 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

std::string RawClient::receive_all() {
  std::string all;
  while (auto bytes = receive())
    all += *bytes;
  return all;
}

std::string RawClient::receive_until(std::string_view end) {
  std::string all;
  std::size_t found = std::string::npos;
  while ((found = all.find(end)) == std::string::npos) {
    auto bytes = receive();
    if (!bytes) return all;
    all += *bytes;
  }
  pending_ = all.substr(found + end.size());
  all.resize(found + end.size());
  return all;
}

std::string RawClient::receive_exactly(std::size_t size) {
  std::string all;
  while (all.size() < size) {
    auto bytes = receive();
    if (!bytes) return all;
    all += *bytes;
  }
  pending_ = all.substr(size);
  all.resize(size);
  return all;
}

RawClient::Response RawClient::response() {
  Response response;
  response.head = receive_until("\r\n\r\n");
  if (response.head.size() < 12) return response;
  response.status = std::atoi(response.head.c_str() + 9);
  const std::size_t length = response.head.find("Content-Length: ");
  if (length != std::string::npos) {
    response.body = receive_exactly(static_cast<std::size_t>(std::atoi(response.head.c_str() + length + 16)));
  }
  return response;
}

void RawClient::shut_down_sending() {
  ::shutdown(socket_, SHUT_WR);
}

void RawClient::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(socket_, -1));
}

RawClient::Response RawClient::upgrade(const std::string& token, const std::string& subprotocols,
                                       const std::string& behind) {
  std::string request =
      "GET /ws/connect HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  if (!token.empty()) request += "Authorization: Bearer " + token + "\r\n";
  if (!subprotocols.empty()) request += "Sec-WebSocket-Protocol: " + subprotocols + "\r\n";
  send(request + "\r\n" + behind);
  return response();
}

std::string RawClient::frame(unsigned opcode, std::string_view payload, bool final, bool masked) {
  std::string bytes;
  bytes += static_cast<char>((final ? 0x80u : 0u) | opcode);
  const char mask_bit = static_cast<char>(masked ? 0x80 : 0);
  if (payload.size() < 126) {
    bytes += static_cast<char>(mask_bit | static_cast<char>(payload.size()));
  } else if (payload.size() <= 0xffff) {
    bytes += static_cast<char>(mask_bit | 126);
    bytes += static_cast<char>(payload.size() >> 8);
    bytes += static_cast<char>(payload.size());
  } else {
    bytes += static_cast<char>(mask_bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes += static_cast<char>(std::uint64_t{payload.size()} >> shift);
  }
  if (!masked) return bytes.append(payload);
  constexpr std::string_view kMask = "\x12\x34\x56\x78";
  bytes += kMask;
  for (std::size_t i = 0; i < payload.size(); ++i)
    bytes += static_cast<char>(payload[i] ^ kMask[i % 4]);
  return bytes;
}

int RawClient::Frame::close_code() const {
  if (opcode != 8 || payload.size() < 2) return 0;
  return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
}

std::optional<RawClient::Frame> RawClient::next_frame(bool answer_pings) {
  while (true) {
    const std::string head = receive_exactly(2);
    if (head.size() < 2) return std::nullopt;
    Frame result;
    result.opcode = static_cast<unsigned char>(head[0]) & 15u;
    std::uint64_t length = static_cast<unsigned char>(head[1]);
    EXPECT_LT(length, 128u) << "a server does not mask";
    if (length >= 126) {
      const std::string extended = receive_exactly(length == 126 ? 2 : 8);
      length = 0;
      for (const char c : extended)
        length = length << 8 | static_cast<unsigned char>(c);
    }
    result.payload = receive_exactly(length);
    if (result.opcode == 9 && answer_pings) {
      send(frame(10, result.payload));
      continue;
    }
    return result;
  }
}

v1::ServerFrame RawClient::next(WireFormat format) {
  const auto received = next_frame();
  if (!received) {
    ADD_FAILURE() << "the connection ended";
    return {};
  }
  if (received->opcode != (format == WireFormat::json ? 1u : 2u)) {
    ADD_FAILURE() << "opcode " << received->opcode << ", close code " << received->close_code();
    return {};
  }
  auto decoded = decode_server_frame(format, received->payload);
  if (!decoded) {
    ADD_FAILURE() << decoded.error().message << ": " << received->payload;
    return {};
  }
  return *decoded;
}

bool RawClient::send(const v1::ClientFrame& client_frame, WireFormat format) {
  return send(frame(format == WireFormat::json ? 1 : 2, encode_frame(format, client_frame)));
}

// ---------------------------------------------------------------- the gateway

GatewayTest::GatewayTest() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sotto-gateway-XXXXXX").string();
  folder = ::mkdtemp(pattern.data());
  config.io_threads = 2;
  config.frames_per_second = 0;
  config.bytes_per_second = 0;
}

GatewayTest::~GatewayTest() {
  stop();
  std::filesystem::remove_all(folder);
}

void GatewayTest::start() {
  auto opened = EmbeddedStorage::open({.path = folder + "/server.db", .threads = {.metrics = &metrics}});
  ASSERT_TRUE(opened.ok()) << opened.error().text;
  storage = std::move(*opened);
  app_.emplace(limits, true,
               Ports{.storage = *storage,
                     .registry = registry,
                     .otp_sender = no_otp_,
                     .push_sender = no_push_,
                     .random = system_random(),
                     .metrics = metrics});
  gateway = std::make_unique<Gateway>(config, metrics);
  storage->start(gateway->events());
  const auto started = start_another(*gateway);
  ASSERT_TRUE(started.ok()) << started.error();
}

Result<void, std::string> GatewayTest::start_another(Gateway& other) {
  return other.start(*app_, *this);
}

void GatewayTest::stop() {
  if (gateway) gateway->stop();
  if (storage) storage->close();
  gateway.reset();
  storage.reset();
}

void GatewayTest::write(std::function<void(Store&, WriteContext&)> work) {
  class Job final : public WriteJob {
   public:
    explicit Job(std::function<void(Store&, WriteContext&)> work) : work_(std::move(work)) {}
    void run(Store& store, WriteContext& context) override { work_(store, context); }
    void done(bool committed) override { committed_.set_value(committed); }
    std::future<bool> committed() { return committed_.get_future(); }

   private:
    std::function<void(Store&, WriteContext&)> work_;
    std::promise<bool> committed_;
  };
  auto job = std::make_unique<Job>(std::move(work));
  auto committed = job->committed();
  std::unique_ptr<WriteJob> taken = std::move(job);
  ASSERT_TRUE(storage->write(taken));
  ASSERT_TRUE(committed.get());
}

GatewayTest::Person GatewayTest::sign_in(const std::string& phone, std::optional<DeviceId> device) {
  Person person;
  write([&](Store& store, WriteContext& context) {
    auto pair = app_->services.auth.login(store, context,
                                          {.phone_number = phone,
                                           .otp = "000000",
                                           .device_name = std::nullopt,
                                           .device_id = device,
                                           .remote_address = "127.0.0.1"});
    if (!pair) {
      ADD_FAILURE() << pair.error().detail;
      return;
    }
    person = {.caller = pair->caller, .token = pair->access_token};
  });
  return person;
}

ConversationId GatewayTest::open_direct(const Person& a, const Person& b) {
  ConversationId id;
  write([&](Store& store, WriteContext& context) {
    auto opened = app_->services.conversations.open_direct(store, context, a.caller, b.caller.user);
    if (opened) id = (*opened)->id;
  });
  return id;
}

RawClient GatewayTest::online(const Person& person, WireFormat format) {
  RawClient client = connect();
  const auto response = client.upgrade(person.token, format == WireFormat::json ? "" : "sotto.v1");
  EXPECT_EQ(response.status, 101) << response.head << response.body;
  EXPECT_TRUE(client.next(format).has_hello());
  v1::ClientFrame sync;
  sync.mutable_sync()->set_last_seen_message_id(person.caller.device.value);
  client.send(sync, format);
  while (!client.next(format).has_synced()) {
    if (testing::Test::HasFailure()) break;
  }
  return client;
}

void GatewayTest::wait_until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + RawClient::kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      ADD_FAILURE() << "it never came true";
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void GatewayTest::handle(HttpRequest request, HttpResponder respond) {
  if (api) return api(std::move(request), std::move(respond));
  respond({.status = 200,
           .headers = {},
           .content_type = "text/plain",
           .body = request.method + " " + request.path + "?" + request.query + " " + request.body});
}

}  // namespace sotto::server
