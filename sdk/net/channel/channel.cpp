#include "sdk/net/channel/channel.hpp"

#include <algorithm>

#include "sdk/net/channel/tls.hpp"

namespace sotto::net {

namespace {
// RFC 8446 §5.1: a record holds at most 2^14 bytes.
constexpr std::size_t kTlsRecordBytes = 1u << 14;
}  // namespace

void Channel::start_tls(asio::ssl::context& context, const std::string& host,
                        std::function<void(error_code)> done) {
  tls_.emplace(socket_, context);
  if (!expect_host(tls_->native_handle(), host)) {
    asio::post(get_executor(), [done = std::move(done)] { done(asio::error::invalid_argument); });
    return;
  }
  tls_->async_handshake(asio::ssl::stream_base::client, std::move(done));
}

void Channel::close() {
  error_code ignored;  // it is over either way
  socket_.close(ignored);
}

bool Channel::is_quiet() {
  if (!socket_.is_open()) return false;
  error_code error;
  socket_.non_blocking(true, error);
  if (error) return false;
  char byte = 0;
  socket_.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
  return error == asio::error::would_block;
}

void Channel::read_some(const FewBuffers<asio::mutable_buffer>& buffers, IoHandler handler) {
  auto counted = [this, h = std::move(handler)](error_code error, std::size_t bytes) mutable {
    bytes_in_ += bytes;
    h(error, bytes);
  };
  if (tls_) {
    tls_->async_read_some(buffers, std::move(counted));
  } else {
    socket_.async_read_some(buffers, std::move(counted));
  }
}

void Channel::write_some(const FewBuffers<asio::const_buffer>& buffers, IoHandler handler) {
  auto counted = [this, h = std::move(handler)](error_code error, std::size_t bytes) mutable {
    bytes_out_ += bytes;
    h(error, bytes);
  };
  if (!tls_) {
    socket_.async_write_some(buffers, std::move(counted));
    return;
  }
  if (buffers.count() < 2) {
    tls_->async_write_some(buffers, std::move(counted));
    return;
  }
  // Asio's TLS sends one buffer at a time: a frame's header would travel as a record and packet of its own.
  record_.resize(std::min(asio::buffer_size(buffers), kTlsRecordBytes));
  asio::buffer_copy(asio::buffer(record_), buffers);
  tls_->async_write_some(asio::buffer(std::as_const(record_)), std::move(counted));
}

}  // namespace sotto::net
