#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "server/adapters/console/console_otp_sender.hpp"
#include "server/adapters/log/log_push_sender.hpp"
#include "server/adapters/webhook/webhook_otp_sender.hpp"
#include "server/logging/log.hpp"
#include "server/metrics/metrics.hpp"
#include <arpa/inet.h>
#include <netinet/in.h>

namespace sotto::server {
namespace {

using testing::HasSubstr;
using testing::Not;

const OtpMessage kMessage{"+491511234567", "482913"};

std::uint64_t counted(const LabelledCounter& counter, std::string_view label) {
  for (std::size_t i = 0; i < counter.size(); ++i)
    if (counter.label(i) == label) return counter.value(i);
  return 0;
}

// A condition that other threads make true.
template <class Condition>
void wait_until(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  ASSERT_TRUE(condition());
}

/// Answers each HTTP request with the next of `statuses`, or with nothing at all for 0.
class Endpoint {
 public:
  explicit Endpoint(std::deque<int> statuses) : statuses_(std::move(statuses)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 8);
    socklen_t length = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~Endpoint() {
    shutdown(listener_, SHUT_RDWR);
    close(listener_);
    thread_.join();
  }
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/send"; }
  std::string request() {
    std::unique_lock guard(lock_);
    changed_.wait(guard, [this] { return !requests_.empty(); });
    std::string first = std::move(requests_.front());
    requests_.pop_front();
    return first;
  }

 private:
  static std::string read_request(int connection) {
    std::string text;
    char buffer[4096];
    while (true) {
      const auto head_end = text.find("\r\n\r\n");
      if (head_end != std::string::npos) {
        const auto at = text.find("Content-Length: ");
        const auto length = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
        if (text.size() >= head_end + 4 + length) return text;
      }
      const ssize_t got = recv(connection, buffer, sizeof buffer, 0);
      if (got <= 0) return text;
      text.append(buffer, static_cast<std::size_t>(got));
    }
  }

  void run() {
    while (!statuses_.empty()) {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      std::string text = read_request(connection);
      const int status = statuses_.front();
      statuses_.pop_front();
      const std::string answer =
          "HTTP/1.1 " + std::to_string(status) +
          " X\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      if (status != 0) (void)send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
      close(connection);
      const std::lock_guard guard(lock_);
      requests_.push_back(std::move(text));
      changed_.notify_all();
    }
  }

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::deque<int> statuses_;
  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<std::string> requests_;
  std::thread thread_;
};

WebhookOtpSender::Options options_for(const Endpoint& endpoint, std::string_view secret = "") {
  WebhookOtpSender::Options options;
  options.url = endpoint.url();
  options.secret = SecretBytes(as_bytes(secret));
  return options;
}

TEST(ConsoleOtpSender, PrintsTheCodeOnALineOfItsOwn) {
  std::ostringstream out;
  Metrics metrics;
  {
    ConsoleOtpSender sender(out, metrics);
    sender.send(kMessage);
    wait_until([&] { return counted(metrics.otp_sent, "sent") == 1; });
  }
  EXPECT_EQ(out.str(), "one-time code for +491511234567: 482913\n");
}

/// A terminal that is paused: writing waits until it is let go on.
class PausedTerminal final : public std::stringbuf {
 public:
  void go_on() {
    go_.store(true);
    go_.notify_all();
  }

 private:
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    go_.wait(false);
    return std::stringbuf::xsputn(text, count);
  }
  std::atomic<bool> go_{false};
};

TEST(ConsoleOtpSender, NeverMakesTheCallerWaitForAPausedTerminal) {
  PausedTerminal terminal;
  std::ostream out(&terminal);
  Metrics metrics;
  ConsoleOtpSender sender(out, metrics);
  for (int i = 0; i < 300; ++i)
    sender.send(kMessage);  // returns, although nothing can be written
  EXPECT_EQ(counted(metrics.otp_sent, "sent"), 0u);
  EXPECT_GE(counted(metrics.otp_sent, "dropped"), 40u) << "and what waits is bounded";
  terminal.go_on();
  wait_until([&] { return counted(metrics.otp_sent, "sent") + counted(metrics.otp_sent, "dropped") == 300; });
}

TEST(WebhookOtpSender, PostsTheCode) {
  Endpoint endpoint({200});
  Metrics metrics;
  WebhookOtpSender sender(options_for(endpoint), metrics);
  sender.send(kMessage);
  const std::string request = endpoint.request();
  EXPECT_THAT(request, HasSubstr("POST /send HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Sotto-Signature")));
  const auto body = boost::json::parse(request.substr(request.find("\r\n\r\n") + 4));
  EXPECT_EQ(body.at("phone_number"), "+491511234567");
  EXPECT_EQ(body.at("code"), "482913");
  EXPECT_EQ(body.at("expires_in"), 300);
  wait_until([&] { return counted(metrics.otp_sent, "sent") == 1; });
}

TEST(WebhookOtpSender, SignsTimestampAndBodyWithTheSecret) {
  // The expected value is Python's hmac.new(key, message, sha256).hexdigest().
  EXPECT_EQ(webhook_signature(SecretBytes(as_bytes("a secret of the operator")), "1795480000",
                              R"({"phone_number":"+491511234567","code":"482913","expires_in":300})"),
            "9a0851e06028fad3afa1ee0b488e9dddcea9ef2090efdd8614d99f96dd96786f");
  Endpoint endpoint({200});
  Metrics metrics;
  WebhookOtpSender sender(options_for(endpoint, "a secret of the operator"), metrics);
  sender.send(kMessage);
  const std::string request = endpoint.request();
  const auto header = [&](const std::string& name) {
    const auto start = request.find(name + ": ") + name.size() + 2;
    return request.substr(start, request.find("\r\n", start) - start);
  };
  EXPECT_EQ(header("Sotto-Signature"),
            webhook_signature(SecretBytes(as_bytes("a secret of the operator")), header("Sotto-Timestamp"),
                              request.substr(request.find("\r\n\r\n") + 4)));
}

TEST(WebhookOtpSender, CountsWhatWasRefusedOrNotAnsweredAndGoesOn) {
  Endpoint endpoint({500, 302, 0, 204});
  Metrics metrics;
  WebhookOtpSender sender(options_for(endpoint), metrics);
  for (int i = 0; i < 4; ++i)
    sender.send(kMessage);
  wait_until([&] { return counted(metrics.otp_sent, "sent") == 1; });
  EXPECT_EQ(counted(metrics.otp_sent, "failed"), 3u);
}

TEST(WebhookOtpSender, LogsAFailureWithoutNumberOrCode) {
  std::ostringstream out;
  log::start({.out = &out});
  {
    Endpoint endpoint({500});
    Metrics metrics;
    WebhookOtpSender sender(options_for(endpoint), metrics);
    sender.send(kMessage);
    wait_until([&] { return counted(metrics.otp_sent, "failed") == 1; });
  }
  log::stop();
  EXPECT_THAT(out.str(), HasSubstr("event=otp_not_sent"));
  EXPECT_THAT(out.str(), Not(HasSubstr("1511234567")));
  EXPECT_THAT(out.str(), Not(HasSubstr("482913")));
}

TEST(WebhookOtpSender, DropsWhatDoesNotFitIntoItsQueue) {
  // Nobody accepts: a bound socket that does not listen refuses at once, one that listens without accepting
  // keeps the request waiting.
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 8), 0);
  socklen_t length = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  WebhookOtpSender::Options options;
  options.url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  options.timeout = std::chrono::milliseconds(300);
  options.queue_capacity = 2;
  Metrics metrics;
  WebhookOtpSender sender(std::move(options), metrics);
  for (int i = 0; i < 5; ++i)
    sender.send(kMessage);
  // One is under way at most, two wait.
  EXPECT_GE(counted(metrics.otp_sent, "dropped"), 2u);
  wait_until([&] { return counted(metrics.otp_sent, "dropped") + counted(metrics.otp_sent, "failed") == 5; });
  close(listener);
}

TEST(LogPushSender, ShowsWhomButNeitherTokenNorContent) {
  std::ostringstream out;
  log::start({.out = &out});
  LogPushSender().send({UserId{7}, DeviceId{8}, PushPlatform::apns, "secret-push-token"});
  log::stop();
  EXPECT_THAT(out.str(), HasSubstr("event=push user_id=7 device_id=8 platform=apns"));
  EXPECT_THAT(out.str(), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace sotto::server
