#include "server/gateway/net/listener.hpp"

#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include "server/gateway/net/http_exchange.hpp"
#include "server/logging/log.hpp"

namespace sotto::server {

namespace {

using boost::system::error_code;

/// Long enough that an exhausted process is not kept busy by failing, short enough that nobody notices.
constexpr std::chrono::milliseconds kBackOff{100};
/// The log is told once in a while, not for every failure.
constexpr std::int64_t kComplaintIntervalUs = 10'000'000;

}  // namespace

Listener::Listener(std::vector<std::shared_ptr<IoLoop>> loops, const ConnectionContext& context,
                   std::optional<TlsContext> tls)
    : loops_(std::move(loops)),
      context_(context),
      tls_(std::move(tls)),
      acceptor_(loops_.front()->context()),
      pause_(loops_.front()->context()) {}

Result<void, std::string> Listener::listen() {
  const GatewayConfig& config = context_.config;
  error_code error;
  const auto address = net::ip::make_address(config.address, error);
  if (error) return config.address + ": is not an IP address";
  const net::ip::tcp::endpoint endpoint(address, config.port);
  const std::string where = config.address + ":" + std::to_string(config.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(net::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(net::socket_base::max_listen_connections, error);
  if (error) return where + ": cannot listen: " + error.message();
  return {};
}

std::uint16_t Listener::port() const {
  error_code error;
  return acceptor_.local_endpoint(error).port();
}

void Listener::start() {
  net::post(acceptor_.get_executor(), [self = shared_from_this()] { self->accept(); });
}

void Listener::stop() {
  net::post(acceptor_.get_executor(), [self = shared_from_this()] {
    error_code ignored;
    self->acceptor_.close(ignored);
    self->pause_.cancel();
  });
}

void Listener::use(TlsContext tls) {
  auto fresh = std::make_shared<TlsContext>(std::move(tls));
  net::post(acceptor_.get_executor(),
            [self = shared_from_this(), fresh] { self->tls_.emplace(std::move(*fresh)); });
}

std::shared_ptr<IoLoop> Listener::quietest() const {
  std::shared_ptr<IoLoop> best = loops_.front();
  for (const auto& loop : loops_) {
    if (loop->open_connections() < best->open_connections()) best = loop;
  }
  return best;
}

void Listener::accept() {
  const std::shared_ptr<IoLoop> loop = quietest();
  acceptor_.async_accept(loop->context(), [self = shared_from_this(), loop](error_code error, Socket socket) {
    if (error == net::error::operation_aborted || !self->acceptor_.is_open()) return;
    if (error) return self->back_off(error);
    self->open(std::move(socket), loop);
    self->accept();
  });
}

void Listener::back_off(error_code error) {
  context_.metrics.accept_errors.add();
  const std::int64_t now = loops_.front()->monotonic_us();
  if (last_complaint_us_ == 0 || now - last_complaint_us_ > kComplaintIntervalUs) {
    last_complaint_us_ = now;
    log::error("accept_failed", {{"reason", log::text(error.message())}});
  }
  // A client that gave up while waiting is no reason to pause.
  if (error == net::error::connection_aborted) return accept();
  pause_.expires_after(kBackOff);
  pause_.async_wait([self = shared_from_this()](error_code stopped) {
    if (!stopped && self->acceptor_.is_open()) self->accept();
  });
}

void Listener::open(Socket socket, const std::shared_ptr<IoLoop>& loop) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;  // gone already
  // Everybody behind a proxy comes from its one address; limits per client are for the proxy to keep.
  const auto known = parse_address(peer.address().to_string());
  const bool shared = known && (known->is_loopback() || contains(context_.config.trusted_proxies, *known));
  const bool counted = context_.config.max_connections_per_address > 0 && !shared;
  const std::string address = known ? to_string(*known) : peer.address().to_string();
  const std::string network = client_network(address);
  context_.metrics.connections_accepted.add();
  if (open_ >= context_.config.max_connections) return refuse(std::move(socket));
  if (counted) {
    std::size_t& of_network = by_network_[network];
    if (of_network >= context_.config.max_connections_per_address) return refuse(std::move(socket));
    ++of_network;
  }
  ++open_;
  // Frames are small and sent when they are due; waiting for more to fill a packet would only delay them.
  socket.set_option(net::ip::tcp::no_delay(true), error);
  // OpenSSL reads and writes the descriptor itself, and must never hold the thread up (Asio sets this only
  // for operations of its own).
  socket.native_non_blocking(true, error);

  auto released = [self = weak_from_this(), first = loops_.front(), network, counted] {
    first->post([self, network, counted] {
      if (const auto alive = self.lock()) alive->release(network, counted);
    });
  };
  SslPtr ssl;
  if (tls_) {
    ssl = tls_->accept_on(socket.native_handle());
    if (!ssl) return released();
  }
  auto connection =
      make_connection(loop, context_, std::move(socket), std::move(ssl), address, std::move(released));
  loop->post([connection = std::move(connection)] { connection->start(); });
}

void Listener::refuse(Socket socket) {
  context_.metrics.connections_refused.add();
  if (tls_) return;  // a handshake for everyone who is refused would cost more than it tells
  const std::string response = render_response(problem(503, "too_many_connections", "the server is full"),
                                               false, false, wall_clock_now());
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(net::buffer(response), ignored);
  socket.shutdown(Socket::shutdown_send, ignored);
}

void Listener::release(const std::string& network, bool counted) {
  --open_;
  if (!counted) return;
  const auto found = by_network_.find(network);
  if (found != by_network_.end() && --found->second == 0) by_network_.erase(found);
}

}  // namespace sotto::server
