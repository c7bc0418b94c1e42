// Accepts connections on one address and hands each to the io loop with the fewest.
//
// Over a cap a client is told so (plain) or dropped (TLS) at once. When the process is out of file
// descriptors, accepting pauses for a moment instead of spinning: clients wait in the kernel's backlog.
//
// Thread rules: `listen` and `port` before the loops start; everything else on the first loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "server/gateway/net/connection.hpp"
#include "server/gateway/net/io_loop.hpp"
#include "server/gateway/net/tls_context.hpp"
#include "sotto/result.hpp"

namespace sotto::server {

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(std::vector<std::shared_ptr<IoLoop>> loops, const ConnectionContext& context,
           std::optional<TlsContext> tls);

  /// The error names the address: "127.0.0.1:8080: address already in use".
  Result<void, std::string> listen();
  [[nodiscard]] std::uint16_t port() const;
  void start();
  /// No more connections; those there are stay.
  void stop();
  /// For the connections to come. Any thread.
  void use(TlsContext tls);

 private:
  using Acceptor = net::basic_socket_acceptor<net::ip::tcp, net::io_context::executor_type>;

  void accept();
  void open(Socket socket, const std::shared_ptr<IoLoop>& loop);
  void refuse(Socket socket);
  void back_off(boost::system::error_code error);
  void release(const std::string& network, bool counted);
  [[nodiscard]] std::shared_ptr<IoLoop> quietest() const;

  std::vector<std::shared_ptr<IoLoop>> loops_;
  const ConnectionContext& context_;
  std::optional<TlsContext> tls_;
  Acceptor acceptor_;
  net::basic_waitable_timer<std::chrono::steady_clock, net::wait_traits<std::chrono::steady_clock>,
                            net::io_context::executor_type>
      pause_;
  std::size_t open_ = 0;
  std::unordered_map<std::string, std::size_t> by_network_;  // client_network
  std::int64_t last_complaint_us_ = 0;
};

}  // namespace sotto::server
