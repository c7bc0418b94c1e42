// A network without sockets: requests and connections are answered by what the test says, or never.
//
//   FakeTransport& network = ...;
//   network.answer = [](const net::HttpRequest& request) { return json(204, ""); };
//
// The loop's thread only, as net::Transport; `answer` and `accept` are set before the client starts.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sdk/net/loop.hpp"
#include "sdk/net/transport.hpp"

namespace sotto::client {

class FakeTransport final : public net::Transport {
 public:
  explicit FakeTransport(net::Loop& loop) : loop_(loop) {}

  /// What comes of a request; nothing: no answer, ever.
  std::function<std::optional<Result<net::HttpResponse>>(const net::HttpRequest&)> answer;
  /// True: a connection opens. False: it hangs.
  std::function<bool(const net::WebSocketRequest&)> accept;
  /// Frames that the client sent, and the close codes it sent.
  std::function<void(ByteView)> on_frame;
  std::function<void(std::uint16_t)> on_close;

  std::unique_ptr<net::WebSocket> connect(net::WebSocketRequest request,
                                          net::WebSocketHandlers handlers) override {
    auto shared = std::make_shared<net::WebSocketHandlers>(std::move(handlers));
    if (accept && accept(request)) {
      loop_.post([weak = std::weak_ptr(shared)] {
        if (const auto alive = weak.lock()) alive->on_open();
      });
    }
    return std::make_unique<Socket>(*this, std::move(shared));
  }

  std::unique_ptr<net::PendingRequest> request(net::HttpRequest request, net::HttpHandler handler) override {
    auto pending = std::make_unique<Pending>();
    pending->handler = std::make_shared<net::HttpHandler>(std::move(handler));
    if (auto response = answer ? answer(request) : std::nullopt) {
      loop_.post([weak = std::weak_ptr(pending->handler), r = std::move(*response)] {
        if (const auto alive = weak.lock()) (*alive)(r);
      });
    }
    return pending;
  }

 private:
  struct Pending final : net::PendingRequest {
    std::shared_ptr<net::HttpHandler> handler;
  };

  class Socket final : public net::WebSocket {
   public:
    Socket(FakeTransport& network, std::shared_ptr<net::WebSocketHandlers> handlers)
        : network_(network), handlers_(std::move(handlers)) {}
    bool send(Bytes frame) override {
      if (network_.on_frame) network_.on_frame(frame);
      return true;
    }
    void ping() override {}
    void close(std::uint16_t code) override {
      if (network_.on_close) network_.on_close(code);
      network_.loop_.post([weak = std::weak_ptr(handlers_)] {
        if (const auto alive = weak.lock()) {
          alive->on_closed({Error(ErrorCode::connection_closed, "closed by this side")});
        }
      });
    }

   private:
    FakeTransport& network_;
    std::shared_ptr<net::WebSocketHandlers> handlers_;
  };

  net::Loop& loop_;
};

inline Result<net::HttpResponse> json(unsigned status, std::string body) {
  net::HttpResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = std::move(body);
  return response;
}

}  // namespace sotto::client
