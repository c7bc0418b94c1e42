// A connection's beginning and end.
#include "server/gateway/net/beast_connection.hpp"

namespace sotto::server {

namespace {
/// What is read and thrown away meanwhile: closing with unread bytes would reset the connection, and the
/// client might never see the answer (RFC 9112 §9.6).
constexpr std::size_t kLingerBytes = 256 * 1024;
}  // namespace

void BeastConnection::start() {
  loop_->add(shared_from_this());
  context_.metrics.connections_open.add(1);
  if (!wire_.is_tls()) return await_request(context_.config.request_timeout);
  state_ = State::handshake;
  deadline_in(context_.config.request_timeout);
  wire_.async_handshake(bind(&BeastConnection::on_handshake));
}

void BeastConnection::on_handshake(error_code error) {
  if (state_ != State::handshake) return;
  if (error) return abort();
  await_request(context_.config.request_timeout);
}

void BeastConnection::queue(FramePtr frame) {
  wire_.enqueue(std::move(frame));
  if (std::exchange(flush_asked_, true)) return;
  loop_->flush_soon(shared_from_this());
}

void BeastConnection::flush() {
  flush_asked_ = false;
  wire_.flush();
}

void BeastConnection::sent(int result) {
  flush_asked_ = false;
  wire_.sent(result);
}

void BeastConnection::on_written() {
  if (session_ != nullptr) session_->on_written();
  if (state_ != State::responding) return;
  if (wire_.queued_bytes() == 0) return after_response();
  deadline_in(context_.config.keep_alive_timeout);  // slow, but reading
}

void BeastConnection::on_deadline() {
  switch (state_) {
    case State::reading:
      context_.metrics.http_rejected.add();
      if (draining_) return respond_error(503, "going_away", "the server is going; try again");
      return respond_error(408, "timeout", "the request did not come in time");
    case State::idle:
    case State::handshake:
    case State::responding:
    case State::upgrading:
    case State::closing:
    case State::lingering:
      return abort();
    case State::handling:
    case State::websocket:
    case State::closed:
      return;
  }
}

void BeastConnection::drain() {
  draining_ = true;
  if (state_ == State::idle || state_ == State::handshake) return abort();
  // A request that is being handled or answered ends the connection with its answer; one that is on its way
  // has a moment to come.
  if (state_ == State::reading) deadline_in(kRestOfRequest);
}

void BeastConnection::abort() {
  if (state_ == State::closed) return;
  const auto alive = shared_from_this();
  state_ = State::closed;
  end_session();
  wire_.close();
  loop_->remove(*this);
  context_.metrics.connections_open.add(-1);
}

void BeastConnection::linger() {
  if (state_ == State::closed || state_ == State::lingering) return;
  state_ = State::lingering;
  end_session();
  wire_.shutdown_send();
  deadline_in(draining_ ? kRestOfRequest : kCloseTimeout);
  lingered_ = 0;
  wire_.async_read_some(net::buffer(landing_), bind(&BeastConnection::on_lingered));
}

void BeastConnection::on_lingered(error_code error, std::size_t bytes) {
  lingered_ += bytes;
  if (error || lingered_ > kLingerBytes || state_ != State::lingering) return abort();
  wire_.async_read_some(net::buffer(landing_), bind(&BeastConnection::on_lingered));
}

std::shared_ptr<Connection> make_connection(std::shared_ptr<IoLoop> loop, const ConnectionContext& context,
                                            Socket socket, SslPtr ssl, std::string address,
                                            std::function<void()> released) {
  return std::make_shared<BeastConnection>(std::move(loop), context, std::move(socket), std::move(ssl),
                                           std::move(address), std::move(released));
}

}  // namespace sotto::server
