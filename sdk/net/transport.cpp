#include "sdk/net/transport.hpp"

#include <utility>

#include "sdk/net/channel/tls.hpp"
#include "sdk/net/http.hpp"
#include "sdk/net/websocket.hpp"

namespace sotto::net {

namespace {

class NetworkTransport final : public Transport {
 public:
  NetworkTransport(IoLoop& loop, std::shared_ptr<asio::ssl::context> tls, TransportOptions options)
      : loop_(loop),
        tls_(std::move(tls)),
        options_(std::move(options)),
        idle_(std::make_shared<IdleChannels>(loop, options_.timeouts.keep_idle)) {}

  std::unique_ptr<WebSocket> connect(WebSocketRequest request, WebSocketHandlers handlers) override {
    return open_websocket(loop_, *tls_, options_, std::move(request), std::move(handlers));
  }
  std::unique_ptr<PendingRequest> request(HttpRequest request, HttpHandler handler) override {
    return send_request(loop_, *tls_, options_, idle_, std::move(request), std::move(handler));
  }

 private:
  IoLoop& loop_;
  std::shared_ptr<asio::ssl::context> tls_;
  TransportOptions options_;
  std::shared_ptr<IdleChannels> idle_;
};

}  // namespace

Result<std::unique_ptr<Transport>> make_transport(IoLoop& loop, TransportOptions options) {
  auto tls = make_tls_context(options.roots_pem);
  if (!tls) return tls.error();
  return std::unique_ptr<Transport>(std::make_unique<NetworkTransport>(
      loop, std::make_shared<asio::ssl::context>(std::move(*tls)), std::move(options)));
}

}  // namespace sotto::net
