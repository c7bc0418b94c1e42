#include "testkit/virtual_network.hpp"

#include <utility>

namespace sotto::sim {

using testing::NetworkQuality;
using testing::NoticedBy;

namespace {

// How soon an end learns of a break that it is told of: one packet from this machine or the next router.
constexpr Milliseconds kToldAfter = 5ms;

LinkQuality link_quality(const NetworkQuality& quality) {
  return {quality.least_latency, quality.most_latency};
}

server::HttpRequest as_server_sees(net::HttpRequest request, Station station) {
  server::HttpRequest out;
  out.method = std::move(request.method);
  const auto target = request.url.substr(request.url.find('/', request.url.find("//") + 2));
  const auto question = target.find('?');
  out.path = target.substr(0, question);
  if (question != std::string::npos) out.query = target.substr(question + 1);
  for (auto& [name, value] : request.headers)
    out.headers.push_back({std::move(name), std::move(value)});
  out.body = std::move(request.body);
  out.remote_address = "2001:db8::" + std::to_string(station + 1);  // RFC 3849: for documentation
  return out;
}

net::HttpResponse as_client_sees(server::HttpResponse response) {
  net::HttpResponse out;
  out.status = static_cast<unsigned>(response.status);
  for (auto& header : response.headers)
    out.headers.emplace_back(std::move(header.name), std::move(header.value));
  if (!response.content_type.empty()) out.headers.emplace_back("Content-Type", response.content_type);
  out.body = std::move(response.body);
  return out;
}

}  // namespace

// ------------------------------------------------------------------ places

Station VirtualNetwork::add(std::weak_ptr<LoopControl> loop) {
  Place place;
  place.loop = std::move(loop);
  places_.push_back(std::move(place));
  return places_.size() - 1;
}

void VirtualNetwork::serve(VirtualServer* server) {
  server_ = server;
  if (server != nullptr) return;
  constexpr std::string_view kWhy = "the server closed the connection";
  for (Station station = 0; station < places_.size(); ++station) {
    for (const auto& [number, connection] : places_[station].connections) {
      // Nothing more arrives from a connection that is already broken or cut off.
      if (!connection.link->broken()) reset(station, number, ErrorCode::connection_closed, kWhy);
    }
    if (!places_[station].is_cut) fail_requests(station, ErrorCode::connection_closed, kWhy);
  }
}

void VirtualNetwork::set_quality(const NetworkQuality& quality) {
  quality_ = quality;
  for (Station station = 0; station < places_.size(); ++station) {
    for (auto& [number, connection] : places_[station].connections)
      connection.link->set_quality(link_quality(quality_of(station)));
  }
}

void VirtualNetwork::set_quality(Station station, const NetworkQuality& quality) {
  places_[station].quality = quality;
  for (auto& [number, connection] : places_[station].connections)
    connection.link->set_quality(link_quality(quality));
}

const NetworkQuality& VirtualNetwork::quality_of(Station station) const {
  const auto& own = places_[station].quality;
  return own ? *own : quality_;
}

Milliseconds VirtualNetwork::latency(Station station) {
  const auto& quality = quality_of(station);
  return world_.between(quality.least_latency, quality.most_latency);
}

void VirtualNetwork::cut(Station station) {
  auto& place = places_[station];
  if (std::exchange(place.is_cut, true)) return;
  tell(station, "has no network");
  break_connections(station, NoticedBy::client);
  fail_requests(station, ErrorCode::connection_closed, "the network is gone");
}

void VirtualNetwork::restore(Station station) {
  if (std::exchange(places_[station].is_cut, false)) tell(station, "has a network");
}

void VirtualNetwork::break_connections(Station station, NoticedBy noticed_by) {
  for (const auto& [number, connection] : places_[station].connections) {
    if (!connection.link->broken()) break_link(station, number, noticed_by);
  }
}

// ------------------------------------------------------------------ connections

VirtualNetwork::Connection* VirtualNetwork::find(Station station, Number number) {
  auto& connections = places_[station].connections;
  const auto found = connections.find(number);
  return found == connections.end() ? nullptr : &found->second;
}

void VirtualNetwork::connect(Station station, Number number, const std::string& token,
                             std::weak_ptr<net::WebSocketHandlers> handlers) {
  tell(station, "connects");
  auto link = std::make_shared<Link>(world_, link_quality(quality_of(station)));
  places_[station].connections[number] = {link, std::move(handlers), false};
  if (places_[station].is_cut) {
    return reset(station, number, ErrorCode::network_unreachable, "there is no network");
  }
  link->to_client().on_item = [weak = weak_from_this(), station, number](Link::Item item) {
    if (const auto self = weak.lock()) self->take(station, number, std::move(item));
  };
  after(latency(station), [this, station, number, link, token] {
    if (link->broken()) return;
    if (server_ != nullptr) return server_->accept(link, token);
    reset(station, number, ErrorCode::network_unreachable, "nothing listens at the server's address");
  });
  break_some_time(station, number);
}

void VirtualNetwork::break_some_time(Station station, Number number) {
  const auto& quality = quality_of(station);
  if (quality.breaks_every <= 0ms) return;
  const auto life = world_.between(1ms, 2 * quality.breaks_every);
  const auto noticed_by = world_.chance(quality.unnoticed_breaks) ? NoticedBy::nobody : NoticedBy::both;
  after(life, [this, station, number, noticed_by] {
    const auto* connection = find(station, number);
    if (connection != nullptr && !connection->link->broken()) break_link(station, number, noticed_by);
  });
}

void VirtualNetwork::break_link(Station station, Number number, NoticedBy noticed_by) {
  const auto link = find(station, number)->link;
  link->break_now();
  tell(station,
       noticed_by == NoticedBy::nobody ? "loses its connection, and nobody notices" : "loses its connection");
  if (noticed_by == NoticedBy::both || noticed_by == NoticedBy::server) {
    after(kToldAfter, [this, link] {
      if (server_ != nullptr) server_->forget(link);
    });
  }
  if (noticed_by == NoticedBy::both || noticed_by == NoticedBy::client) {
    reset(station, number, ErrorCode::connection_closed, "the connection was reset");
  }
}

void VirtualNetwork::take(Station station, Number number, Link::Item item) {
  auto* connection = find(station, number);
  if (connection == nullptr) return;
  const auto post = [&](auto call) {
    if (const auto loop = places_[station].loop.lock()) {
      loop->post([handlers = connection->handlers, call = std::move(call)] {
        if (const auto wanted = handlers.lock()) call(*wanted);
      });
    }
  };
  switch (item.kind) {
    case Link::Kind::upgraded:
      tell(station, "is connected");
      connection->open = true;
      post([](net::WebSocketHandlers& handlers) { handlers.on_open(); });
      break;
    case Link::Kind::frame:
      tell(station, "<- " + std::to_string(item.bytes.size()) + " bytes");
      post([bytes = std::move(item.bytes)](net::WebSocketHandlers& handlers) {
        handlers.on_frame(as_bytes(bytes));
      });
      break;
    case Link::Kind::ping:
      connection->link->to_server().send({Link::Kind::pong, std::move(item.bytes), 0});
      break;
    case Link::Kind::pong:
      post([](net::WebSocketHandlers& handlers) { handlers.on_pong(); });
      break;
    case Link::Kind::refused:
      end(station, number,
          {Error(ErrorCode::connection_closed, "the server refused the upgrade"), 0, item.code});
      break;
    case Link::Kind::close:
      end(station, number,
          {Error(ErrorCode::connection_closed, "the server closed the connection"), item.code, 0});
      break;
  }
}

void VirtualNetwork::end(Station station, Number number, net::Closed why) {
  auto node = places_[station].connections.extract(number);
  if (node.empty()) return;
  tell(station, "is disconnected: " + why.error.message);
  node.mapped().link->break_now();
  if (const auto loop = places_[station].loop.lock()) {
    loop->post([handlers = node.mapped().handlers, why = std::move(why)] {
      if (const auto wanted = handlers.lock()) wanted->on_closed(why);
    });
  }
}

void VirtualNetwork::reset(Station station, Number number, ErrorCode code, std::string_view why) {
  after(kToldAfter, [this, station, number, error = Error(code, std::string(why))] {
    end(station, number, {error, 0, 0});
  });
}

void VirtualNetwork::send(Station station, Number number, Link::Item item) {
  auto* connection = find(station, number);
  if (connection == nullptr) return;
  if (item.kind == Link::Kind::frame) {
    tell(station, "-> " + std::to_string(item.bytes.size()) + " bytes");
  }
  connection->link->to_server().send(std::move(item));
}

void VirtualNetwork::leave(Station station, Number number) {
  const auto node = places_[station].connections.extract(number);
  if (node.empty()) return;
  tell(station, "says good-bye");
  // A connection that has not reached the server needs no closing handshake and must not be accepted later.
  if (!node.mapped().open) node.mapped().link->break_now();
}

void VirtualNetwork::drop(Station station, Number number) {
  if (find(station, number) == nullptr) return;
  if (!find(station, number)->link->broken()) break_link(station, number, NoticedBy::server);
  places_[station].connections.erase(number);
}

// ------------------------------------------------------------------ requests

void VirtualNetwork::request(Station station, Number number, net::HttpRequest request,
                             std::weak_ptr<net::HttpHandler> handler) {
  auto& place = places_[station];
  place.requests[number] = std::move(handler);
  const auto timeout = request.timeout;
  auto seen = as_server_sees(std::move(request), station);
  tell(station, "asks " + seen.method + " " + seen.path);
  if (place.is_cut) {
    after(kToldAfter, [this, station, number] {
      answer(station, number, Error(ErrorCode::network_unreachable, "there is no network"));
    });
    return;
  }
  after(timeout, [this, station, number] {
    answer(station, number, Error(ErrorCode::timed_out, "the server did not answer"));
  });
  const bool lost = world_.chance(quality_of(station).request_loss);
  const bool answer_lost = world_.chance(quality_of(station).answer_loss);
  if (lost) return;
  after(latency(station), [this, station, number, seen = std::move(seen), answer_lost] {
    if (!places_[station].is_cut) deliver(station, number, seen, answer_lost);
  });
}

void VirtualNetwork::deliver(Station station, Number number, server::HttpRequest request, bool answer_lost) {
  if (server_ == nullptr) {
    return answer(station, number,
                  Error(ErrorCode::network_unreachable, "nothing listens at the server's address"));
  }
  server_->request(std::move(request),
                   [weak = weak_from_this(), station, number, answer_lost](server::HttpResponse response) {
                     const auto self = weak.lock();
                     if (!self || answer_lost) return;
                     self->after(self->latency(station), [raw = self.get(), station, number,
                                                          out = as_client_sees(std::move(response))] {
                       if (!raw->places_[station].is_cut) raw->answer(station, number, out);
                     });
                   });
}

void VirtualNetwork::answer(Station station, Number number, Result<net::HttpResponse> answer) {
  auto node = places_[station].requests.extract(number);
  if (node.empty()) return;
  tell(station, answer ? "is answered " + std::to_string(answer->status)
                       : "gets no answer: " + answer.error().message);
  if (const auto loop = places_[station].loop.lock()) {
    loop->post([handler = node.mapped(), answer = std::move(answer)] {
      if (const auto wanted = handler.lock()) (*wanted)(answer);
    });
  }
}

void VirtualNetwork::fail_requests(Station station, ErrorCode code, std::string_view why) {
  for (const auto& [number, handler] : places_[station].requests) {
    after(kToldAfter,
          [this, station, n = number, error = Error(code, std::string(why))] { answer(station, n, error); });
  }
}

// ------------------------------------------------------------------

void VirtualNetwork::tell(Station station, std::string_view what) {
  world_.tell([&] { return "client " + std::to_string(station + 1) + " " + std::string(what); });
}

void VirtualNetwork::after(Milliseconds delay, std::function<void()> what) {
  world_.after(delay, [weak = weak_from_this(), what = std::move(what)] {
    if (const auto self = weak.lock()) what();
  });
}

}  // namespace sotto::sim
