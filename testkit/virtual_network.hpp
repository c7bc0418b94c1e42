// The network between the clients of a world and its server, on the world's thread. It decides who is
// reachable, what arrives and how late, and when connections break.
//
//   auto network = std::make_shared<VirtualNetwork>(world, quality);
//   const Station alice = network->add(loop_control);
//   network->serve(&server);
//   network->cut(alice);
//
// A client's transport (virtual_transport.hpp) calls it through the requests of its loop. Results go back as
// posts to that loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/net/transport.hpp"
#include "server/gateway/http.hpp"
#include "sotto/testing.hpp"
#include "testkit/link.hpp"
#include "testkit/virtual_loop.hpp"
#include "testkit/virtual_server.hpp"
#include "testkit/world.hpp"

namespace sotto::sim {

/// A client in the network, numbered in the order of opening.
using Station = std::size_t;
/// Names a connection or request of a station; never used twice.
using Number = std::uint64_t;

class VirtualNetwork : public std::enable_shared_from_this<VirtualNetwork> {
 public:
  VirtualNetwork(World& world, const testing::NetworkQuality& quality) : world_(world), quality_(quality) {}

  Station add(std::weak_ptr<LoopControl> loop);
  /// Sets the server. nullptr: nothing listens any more, and the server's machine resets open connections.
  void serve(VirtualServer* server);

  void set_quality(const testing::NetworkQuality& quality);
  void set_quality(Station station, const testing::NetworkQuality& quality);
  void cut(Station station);
  void restore(Station station);
  void break_connections(Station station, testing::NoticedBy noticed_by);

  // ---- called by transports
  void connect(Station station, Number number, const std::string& token,
               std::weak_ptr<net::WebSocketHandlers> handlers);
  void send(Station station, Number number, Link::Item item);
  /// The client has closed it: frames that it sent still arrive, and nothing comes back.
  void leave(Station station, Number number);
  /// The client's process has dropped it.
  void drop(Station station, Number number);
  void request(Station station, Number number, net::HttpRequest request,
               std::weak_ptr<net::HttpHandler> handler);

 private:
  struct Connection {
    std::shared_ptr<Link> link;
    std::weak_ptr<net::WebSocketHandlers> handlers;
    bool open = false;  // the server has answered
  };
  struct Place {
    std::weak_ptr<LoopControl> loop;
    std::optional<testing::NetworkQuality> quality;
    bool is_cut = false;
    std::map<Number, Connection> connections;
    std::map<Number, std::weak_ptr<net::HttpHandler>> requests;  // not answered yet
  };

  [[nodiscard]] const testing::NetworkQuality& quality_of(Station station) const;
  [[nodiscard]] Milliseconds latency(Station station);
  [[nodiscard]] Connection* find(Station station, Number number);
  void break_some_time(Station station, Number number);
  void break_link(Station station, Number number, testing::NoticedBy noticed_by);
  void take(Station station, Number number, Link::Item item);
  /// Ends the connection and tells its client why.
  void end(Station station, Number number, net::Closed why);
  void reset(Station station, Number number, ErrorCode code, std::string_view why);
  void deliver(Station station, Number number, server::HttpRequest request, bool answer_lost);
  void answer(Station station, Number number, Result<net::HttpResponse> answer);
  void fail_requests(Station station, ErrorCode code, std::string_view why);
  void tell(Station station, std::string_view what);
  /// Runs `what` after `delay`, if the network still exists.
  void after(Milliseconds delay, std::function<void()> what);

  World& world_;
  testing::NetworkQuality quality_;
  VirtualServer* server_ = nullptr;
  std::vector<Place> places_;
};

}  // namespace sotto::sim
