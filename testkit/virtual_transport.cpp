#include "testkit/virtual_transport.hpp"

#include <utility>

namespace sotto::sim {

namespace {

class Socket final : public net::WebSocket {
 public:
  Socket(WayOut way_out, Number number, std::shared_ptr<net::WebSocketHandlers> handlers)
      : way_out_(std::move(way_out)), number_(number), handlers_(std::move(handlers)) {}
  ~Socket() override {
    if (closing_) return;
    way_out_.ask([n = number_](VirtualNetwork& network, Station station) { network.drop(station, n); });
  }

  // No limit on queued frames: a virtual network accepts everything.
  bool send(Bytes frame) override {
    if (closing_) return false;
    say({Link::Kind::frame, std::string(as_text(frame)), 0});
    return true;
  }
  void ping() override {
    if (!closing_) say({Link::Kind::ping, {}, 0});
  }
  /// Does not wait for the peer's close: that would need virtual time, and a client may be destroyed, which
  /// waits for this, while the test holds the clock.
  void close(std::uint16_t code) override {
    if (std::exchange(closing_, true)) return;
    say({Link::Kind::close, {}, code});
    way_out_.ask([n = number_](VirtualNetwork& network, Station station) { network.leave(station, n); });
    way_out_.loop->post([handlers = std::weak_ptr(handlers_)] {
      if (const auto wanted = handlers.lock())
        wanted->on_closed({Error(ErrorCode::connection_closed, "closed by this side"), 0, 0});
    });
  }

 private:
  void say(Link::Item item) {
    way_out_.ask([n = number_, item = std::move(item)](VirtualNetwork& network, Station station) {
      network.send(station, n, item);
    });
  }

  WayOut way_out_;
  Number number_;
  std::shared_ptr<net::WebSocketHandlers> handlers_;
  bool closing_ = false;
};

class Pending final : public net::PendingRequest {
 public:
  explicit Pending(std::shared_ptr<net::HttpHandler> handler) : handler_(std::move(handler)) {}

 private:
  std::shared_ptr<net::HttpHandler> handler_;  // an answer finds it, unless it is gone
};

}  // namespace

std::unique_ptr<net::WebSocket> VirtualTransport::connect(net::WebSocketRequest request,
                                                          net::WebSocketHandlers handlers) {
  auto kept = std::make_shared<net::WebSocketHandlers>(std::move(handlers));
  way_out_.ask([n = ++last_number_, token = std::move(request.bearer_token), weak = std::weak_ptr(kept)](
                   VirtualNetwork& network, Station station) { network.connect(station, n, token, weak); });
  return std::make_unique<Socket>(way_out_, last_number_, std::move(kept));
}

std::unique_ptr<net::PendingRequest> VirtualTransport::request(net::HttpRequest request,
                                                               net::HttpHandler handler) {
  auto kept = std::make_shared<net::HttpHandler>(std::move(handler));
  way_out_.ask([n = ++last_number_, request = std::move(request), weak = std::weak_ptr(kept)](
                   VirtualNetwork& network, Station station) { network.request(station, n, request, weak); });
  return std::make_unique<Pending>(std::move(kept));
}

}  // namespace sotto::sim
