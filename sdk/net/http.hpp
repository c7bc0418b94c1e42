// Single HTTP requests on Beast, with one idle connection kept for each server.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "sdk/net/channel/channel.hpp"
#include "sdk/net/transport.hpp"
#include "sdk/net/url.hpp"

namespace sotto::net {

/// The idle connections. Each is used by one request at a time; a second request at once makes its own.
class IdleChannels {
 public:
  IdleChannels(IoLoop& loop, Milliseconds keep_for) : loop_(loop), keep_for_(keep_for) {}

  /// Null if there is none, or it has been closed by the server meanwhile.
  std::unique_ptr<Channel> take(const Url& url);
  void put(const Url& url, std::unique_ptr<Channel> channel);

 private:
  struct Idle {
    std::unique_ptr<Channel> channel;
    std::unique_ptr<Timer> expiry;
  };
  IoLoop& loop_;
  Milliseconds keep_for_;
  std::map<std::string, Idle> idle_;  // by scheme and server
};

std::unique_ptr<PendingRequest> send_request(IoLoop& loop, asio::ssl::context& tls,
                                             const TransportOptions& options,
                                             const std::shared_ptr<IdleChannels>& idle, HttpRequest request,
                                             HttpHandler handler);

}  // namespace sotto::net
