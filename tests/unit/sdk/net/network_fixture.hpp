// A client's side of a network test: a loop on a thread of its own, and what was called back, to be waited
// for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/net/loop.hpp"
#include "sdk/net/transport.hpp"
#include "tests/support/scripted_server.hpp"

namespace sotto::net {

using test::Peer;
using test::ScriptedServer;

/// Long enough for a busy machine under a sanitizer; only a failing test waits that long.
inline constexpr std::chrono::seconds kPatience{30};

/// A list that one thread fills and another waits for.
template <class T>
class Recorded {
 public:
  void add(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  /// The first `count` values, or fewer if they do not come.
  std::vector<T> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return values_.size() >= count; });
    EXPECT_GE(values_.size(), count) << "waited in vain";
    return values_;
  }
  std::vector<T> now() {
    const std::lock_guard lock(mutex_);
    return values_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> values_;
};

class NetworkTest : public testing::Test {
 protected:
  ~NetworkTest() override {
    on_loop([&] {
      sockets_.clear();
      requests_.clear();
      transport_.reset();
    });
    loop_.stop();
    thread_.join();
  }

  void use(TransportOptions options) {
    auto made = make_transport(loop_, std::move(options));
    ASSERT_TRUE(made.ok()) << made.error().message;
    on_loop([&] { transport_ = std::move(*made); });
  }

  /// Runs on the loop's thread, and waits for it.
  void on_loop(const Task& task) {
    std::promise<void> done;
    loop_.post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }

  struct Seen {
    Recorded<bool> opened;
    Recorded<std::string> frames;
    Recorded<bool> pongs;
    Recorded<Closed> closed;
  };

  /// Where callbacks land; lives until the connections are gone.
  Seen& remember() { return *seen_.emplace_back(std::make_unique<Seen>()); }
  /// Connects; what is called back lands in `seen`, which comes from remember().
  WebSocket& connect(WebSocketRequest request, Seen& seen) {
    if (!transport_) use({});
    WebSocket* socket = nullptr;
    on_loop([&] {
      sockets_.push_back(transport_->connect(
          std::move(request),
          {.on_open = [&] { seen.opened.add(true); },
           .on_frame = [&](ByteView frame) { seen.frames.add(std::string(as_text(frame))); },
           .on_pong = [&] { seen.pongs.add(true); },
           .on_closed = [&](const Closed& why) { seen.closed.add(why); }}));
      socket = sockets_.back().get();
    });
    return *socket;
  }
  static std::string ws_url(const ScriptedServer& server) {
    return "ws://127.0.0.1:" + std::to_string(server.port()) + "/ws/connect";
  }
  bool send(WebSocket& socket, std::string_view text) {
    bool taken = false;
    on_loop([&] { taken = socket.send(to_bytes(as_bytes(text))); });
    return taken;
  }

  static std::string http_url(const ScriptedServer& server, std::string_view path = "/") {
    return "http://127.0.0.1:" + std::to_string(server.port()) + std::string(path);
  }
  Result<HttpResponse> fetch(HttpRequest request) {
    if (!transport_) use({});
    auto answered = std::make_shared<std::promise<Result<HttpResponse>>>();
    on_loop([&] {
      requests_.push_back(transport_->request(std::move(request), [answered](Result<HttpResponse> response) {
        answered->set_value(std::move(response));
      }));
    });
    auto future = answered->get_future();
    if (future.wait_for(kPatience) != std::future_status::ready) {
      return Error(ErrorCode::internal, "the test waited in vain");
    }
    return future.get();
  }

  std::vector<std::unique_ptr<Seen>> seen_;
  IoLoop loop_;
  std::thread thread_{[this] { loop_.run(); }};
  std::unique_ptr<Transport> transport_;
  std::vector<std::unique_ptr<WebSocket>> sockets_;
  std::vector<std::unique_ptr<PendingRequest>> requests_;
};

/// A port on which nobody listens.
inline std::uint16_t dead_port() {
  return ScriptedServer([](Peer&) {}).port();
}

}  // namespace sotto::net
