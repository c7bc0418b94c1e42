// A connected byte stream, plain or TLS, as one type: what is built on it (HTTP, WebSocket) is compiled once,
// and TLS itself is compiled once too, since handlers are type-erased here. An AsyncStream in Asio's sense.
//
// Everything happens on the loop's one thread, so a handler runs where its operation ended and needs no
// executor of its own.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>

#include "base/bytes.hpp"
#include "sdk/net/io_loop.hpp"

namespace sotto::net {

/// A completion handler of any type, called once at most.
class IoHandler {
 public:
  template <class Handler>
  static IoHandler wrap(Handler handler) {
    IoHandler out;
    out.held_ = std::make_unique<Holder<Handler>>(std::move(handler));
    return out;
  }
  void operator()(error_code error, std::size_t bytes) { std::exchange(held_, nullptr)->call(error, bytes); }

 private:
  struct Held {
    virtual ~Held() = default;
    virtual void call(error_code error, std::size_t bytes) = 0;
  };
  template <class Handler>
  struct Holder final : Held {
    explicit Holder(Handler h) : handler(std::move(h)) {}
    void call(error_code error, std::size_t bytes) override { handler(error, bytes); }
    Handler handler;
  };
  std::unique_ptr<Held> held_;
};

/// The first buffers of a sequence of any type; reading or writing less than asked is always allowed.
template <class Buffer>
class FewBuffers {
 public:
  using value_type = Buffer;
  using const_iterator = const Buffer*;

  template <class Sequence>
  explicit FewBuffers(const Sequence& sequence) {
    const auto end = asio::buffer_sequence_end(sequence);
    for (auto it = asio::buffer_sequence_begin(sequence); it != end && count_ < list_.size(); ++it) {
      const Buffer buffer(*it);
      if (buffer.size() != 0) list_[count_++] = buffer;
    }
  }
  [[nodiscard]] const Buffer* begin() const { return list_.data(); }
  [[nodiscard]] const Buffer* end() const { return list_.data() + count_; }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::array<Buffer, 8> list_;  // Beast passes a frame header and a body, or a few HTTP fields
  std::size_t count_ = 0;
};

class Channel {
 public:
  using executor_type = IoExecutor;

  explicit Channel(Socket socket) : socket_(std::move(socket)) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// From here on everything is TLS. `done` gets no error once the server has proven to be `host`.
  void start_tls(asio::ssl::context& context, const std::string& host, std::function<void(error_code)> done);
  /// For describe_tls_failure(); null without TLS.
  [[nodiscard]] SSL* tls() { return tls_ ? tls_->native_handle() : nullptr; }

  /// Drops the connection; what is outstanding ends with `operation_aborted`.
  void close();
  /// Nothing to read and not at its end: fit for another request.
  [[nodiscard]] bool is_quiet();

  [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }
  [[nodiscard]] std::uint64_t bytes_out() const { return bytes_out_; }

  executor_type get_executor() { return socket_.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, FewBuffers<asio::mutable_buffer> few) {
          read_some(few, IoHandler::wrap(std::move(handler)));
        },
        token, FewBuffers<asio::mutable_buffer>(buffers));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, FewBuffers<asio::const_buffer> few) {
          write_some(few, IoHandler::wrap(std::move(handler)));
        },
        token, FewBuffers<asio::const_buffer>(buffers));
  }

 private:
  void read_some(const FewBuffers<asio::mutable_buffer>& buffers, IoHandler handler);
  void write_some(const FewBuffers<asio::const_buffer>& buffers, IoHandler handler);

  Socket socket_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
  Bytes record_;  // a TLS record put together from several small buffers
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

// How Beast ends a stream of ours. WebSocket's own close handshake has already told the peer, which is all
// that TLS's would add.
template <class Handler>
void async_teardown(boost::beast::role_type /*role*/, Channel& channel, Handler&& handler) {
  channel.close();
  asio::post(channel.get_executor(), [h = std::forward<Handler>(handler)]() mutable { h(error_code{}); });
}
inline void beast_close_socket(Channel& channel) {
  channel.close();
}

}  // namespace sotto::net
