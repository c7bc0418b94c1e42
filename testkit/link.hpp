// One WebSocket between a simulated device and the server, over a virtual TCP connection. Everything arrives
// whole, in order and late; after the connection breaks, nothing arrives. Either end may learn of the break
// late or never.
//
//   auto link = std::make_shared<Link>(world, LinkQuality{5ms, 40ms});
//   link->to_client().on_item = [&](Link::Item item) { ... };
//   link->to_server().send({Link::Kind::frame, bytes});
//   link->break_now();
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "testkit/world.hpp"

namespace sotto::sim {

struct LinkQuality {
  Milliseconds least{1};
  Milliseconds most{30};
};

class Link : public std::enable_shared_from_this<Link> {
 public:
  enum class Kind : std::uint8_t { upgraded, refused, frame, ping, pong, close };
  struct Item {
    Kind kind = Kind::frame;
    std::string bytes;       // of a frame or ping
    std::uint16_t code = 0;  // of a close; the HTTP status of a refusal
    Milliseconds sent{0};    // when it was sent
  };

  /// One direction.
  class Pipe {
   public:
    std::function<void(Item)> on_item;
    /// Some of the queued bytes have been taken.
    std::function<void()> on_taken;

    void send(Item item);
    /// Makes the reader stop reading, as a slow client or a paused server does.
    void stall(bool stalled);
    /// Bytes that the sender's kernel has not taken, because the window is full of unread ones.
    [[nodiscard]] std::size_t queued_bytes() const;
    [[nodiscard]] bool idle() const { return items_.empty(); }

   private:
    friend class Link;
    // The order of magnitude of what kernels buffer at both ends of a connection.
    static constexpr std::size_t kWindow = 64 * 1024;
    struct Waiting {
      Item item;
      Milliseconds ready;
    };
    void pump();

    Link* link_ = nullptr;
    std::deque<Waiting> items_;
    std::size_t bytes_ = 0;
    bool stalled_ = false;
    bool pumping_ = false;
  };

  Link(World& world, LinkQuality quality);

  Pipe& to_client() { return to_client_; }
  Pipe& to_server() { return to_server_; }

  /// Applies to everything sent from now on.
  void set_quality(LinkQuality quality) { quality_ = quality; }
  /// Stops delivery in both directions. The caller decides who is told, and when.
  void break_now() { broken_ = true; }
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  World& world_;
  LinkQuality quality_;
  bool broken_ = false;
  Pipe to_client_;
  Pipe to_server_;
};

}  // namespace sotto::sim
