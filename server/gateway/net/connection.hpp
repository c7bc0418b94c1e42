// One client's connection, of either kind: HTTP requests one after the other, until one of them becomes a
// WebSocket. The only implementation is BeastConnection (beast_connection.hpp).
//
// Thread rules: one io loop's thread, for the connection's whole life.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/application/application.hpp"
#include "server/gateway/net/client_counts.hpp"
#include "server/gateway/net/gateway.hpp"
#include "server/gateway/net/wire.hpp"

namespace sotto::server {

class IoLoop;

class Connection {
 public:
  virtual ~Connection() = default;
  virtual void start() = 0;
  /// Hands what is queued to the kernel.
  virtual void flush() = 0;
  /// In place of flush(): its send, to be made together with others', and then `sent`. As in Wire.
  virtual SendMany::Send single_send() = 0;
  virtual void sent(int result) = 0;
  /// The time set with IoLoop::set_deadline has come.
  virtual void on_deadline() = 0;
  /// The server is going: an idle connection closes, a request under way is answered first. A WebSocket is
  /// left to its session.
  virtual void drain() = 0;
  /// At once, whatever is under way.
  virtual void abort() = 0;
};

/// What all connections of a gateway share. Outlives them.
struct ConnectionContext {
  const GatewayConfig& config;
  Application& app;
  HttpApi& api;
  Metrics& metrics;
  ClientCounts& clients;
};

/// `released` is called when it is gone. `ssl`: with TLS.
std::shared_ptr<Connection> make_connection(std::shared_ptr<IoLoop> loop, const ConnectionContext& context,
                                            Socket socket, SslPtr ssl, std::string address,
                                            std::function<void()> released);

}  // namespace sotto::server
