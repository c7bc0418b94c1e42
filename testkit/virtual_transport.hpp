// Connects the SDK to the virtual network. Lives on its client's thread, and acts only through the requests
// of the client's loop.
//
//   VirtualTransport transport(loop.control(), network, station);
#pragma once

#include <memory>

#include "sdk/net/transport.hpp"
#include "testkit/virtual_loop.hpp"
#include "testkit/virtual_network.hpp"

namespace sotto::sim {

/// Where one client's calls go. The network may be gone before the client; calls then have no effect.
struct WayOut {
  std::shared_ptr<LoopControl> loop;
  std::weak_ptr<VirtualNetwork> network;
  Station station;

  template <class F>
  void ask(F what) const {
    loop->ask([network = network, station = station, what = std::move(what)](World&) mutable {
      if (const auto there = network.lock()) what(*there, station);
    });
  }
};

class VirtualTransport final : public net::Transport {
 public:
  explicit VirtualTransport(WayOut way_out) : way_out_(std::move(way_out)) {}

  [[nodiscard]] std::unique_ptr<net::WebSocket> connect(net::WebSocketRequest request,
                                                        net::WebSocketHandlers handlers) override;
  [[nodiscard]] std::unique_ptr<net::PendingRequest> request(net::HttpRequest request,
                                                             net::HttpHandler handler) override;

 private:
  WayOut way_out_;
  Number last_number_ = 0;
};

}  // namespace sotto::sim
