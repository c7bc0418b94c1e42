// From a host and a port to a connected socket: looks the name up and tries all its addresses, IPv6 and IPv4
// in turns, the next one starting when the one before has failed or is slow (RFC 8305, "happy eyeballs").
//
//   auto dial = Dial::start(loop, "chat.example", 443, timeouts.tcp, [](Result<Socket> socket) { ... });
//   dial->cancel();   // no call back after this
//
// The loop's thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sdk/net/io_loop.hpp"
#include "sotto/error.hpp"

namespace sotto::net {

class Dial : public std::enable_shared_from_this<Dial> {
 public:
  using Done = std::function<void(Result<Socket>)>;

  /// `tcp_timeout` counts from when the name is known. Never calls back from inside.
  static std::shared_ptr<Dial> start(IoLoop& loop, const std::string& host, std::uint16_t port,
                                     Milliseconds tcp_timeout, Done done);
  void cancel();

  Dial(IoLoop& loop, std::string server, Milliseconds tcp_timeout, Done done);

 private:
  void connect_to(std::vector<Endpoint> endpoints);
  void try_next();
  void on_attempt(std::size_t index, error_code error);
  void finish(Result<Socket> result);

  IoLoop& loop_;
  std::string server_;  // for error texts
  Milliseconds tcp_timeout_;
  Done done_;  // empty once finished or cancelled
  std::vector<Endpoint> endpoints_;
  std::vector<Socket> attempts_;  // the n-th goes to the n-th endpoint
  std::size_t running_ = 0;
  error_code failure_;  // the most telling one so far
  std::unique_ptr<Timer> stagger_;
  std::unique_ptr<Timer> deadline_;
};

/// IPv6 and IPv4 in turns, beginning with the family of the first, each in its own order; at most 8.
std::vector<Endpoint> interleave_families(const std::vector<Endpoint>& endpoints);

}  // namespace sotto::net
