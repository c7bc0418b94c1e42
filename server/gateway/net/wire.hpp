// A connection's bytes, plain or TLS through one type: a stream that Beast reads from, and a queue of
// finished frames that goes to the kernel many at a time.
//
//   wire.enqueue(frame);  wire.enqueue(another);
//   wire.flush();                                  // one system call for both
//
// Beast parses what comes in and writes its own control frames through async_write_some, which puts them into
// the same queue: whole frames, so everything stays in order. Data frames do not pass through Beast: they are
// already framed (outgoing_frame.hpp), and going through its writer would cost an operation and a system call
// for each.
//
// TLS works on the socket itself (SSL_set_fd, then waiting for readiness), so that an idle connection holds
// no buffers, as asio::ssl::stream would.
//
// Thread rules: one thread, its io_context's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include "server/gateway/net/send_many.hpp"
#include "server/gateway/net/tls_context.hpp"
#include "server/gateway/session/outgoing_frame.hpp"
#include "server/metrics/metrics.hpp"

namespace sotto::server {

namespace net = boost::asio;
/// With its executor spelled out: the type-erased one costs memory and an indirection for every operation.
using Socket = net::basic_stream_socket<net::ip::tcp, net::io_context::executor_type>;

/// Who is told how writing goes. It is kept alive while the wire waits for its socket.
class WireOwner {
 public:
  virtual ~WireOwner() = default;
  virtual std::shared_ptr<WireOwner> keep_alive() = 0;
  /// The kernel has taken something.
  virtual void on_written() = 0;
  /// The connection is gone; nothing more can be written. Never called from within a call of the wire: what
  /// writes a close frame, say, must not find itself deleted.
  virtual void on_broken() = 0;
};

class Wire {
 public:
  using executor_type = net::io_context::executor_type;
  using error_code = boost::system::error_code;

  Wire(Socket socket, SslPtr ssl, Metrics& metrics, WireOwner& owner);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire();

  executor_type get_executor() { return socket_.get_executor(); }
  [[nodiscard]] bool is_tls() const { return ssl_ != nullptr; }

  // ---- out
  void enqueue(FramePtr frame);
  /// Hands the kernel what it takes, now and whenever it takes more.
  void flush();
  /// The one send that flush() would begin with, where it is a plain one of a single frame: whoever has many
  /// of these hands them over together (send_many.hpp). A socket below 0: call flush().
  [[nodiscard]] SendMany::Send single_send();
  /// What came of it: bytes, or the negative errno. Goes on as flush() does.
  void sent(int result);
  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }

  // ---- in
  /// Bytes that were read too far: they come first.
  void unread(std::string_view bytes) { unread_.insert(0, bytes); }
  /// `handler(error_code)` once there is something to read.
  template <class Handler>
  void async_wait_readable(Handler&& handler) {
    if (!unread_.empty() || (ssl_ && SSL_has_pending(ssl_.get()) != 0)) {
      net::post(get_executor(),
                boost::beast::bind_front_handler(std::forward<Handler>(handler), error_code{}));
    } else {
      socket_.async_wait(Socket::wait_read, std::forward<Handler>(handler));
    }
  }
  /// TLS only: `handler(error_code)` once the handshake is over.
  template <class Handler>
  void async_handshake(Handler&& handler) {
    return net::async_compose<Handler, void(error_code)>(HandshakeOp{*this}, handler, socket_);
  }

  // ---- Beast's AsyncStream
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    net::mutable_buffer first;
    for (auto it = net::buffer_sequence_begin(buffers); it != net::buffer_sequence_end(buffers); ++it) {
      first = *it;
      if (first.size() > 0) break;
    }
    return net::async_compose<Token, void(error_code, std::size_t)>(ReadOp{*this, first, {}, 0, Step::begin},
                                                                    token, socket_);
  }
  /// Complete once the kernel has all of it, so that a peer who sends pings and reads nothing is not read on.
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return net::async_initiate<Token, void(error_code, std::size_t)>(
        [this, &buffers](auto handler) {
          std::string bytes(net::buffer_size(buffers), '\0');
          net::buffer_copy(net::buffer(bytes), buffers);
          const std::size_t size = bytes.size();
          if (broken_ || send_shut_) {
            return net::post(get_executor(),
                             boost::beast::bind_front_handler(
                                 std::move(handler), error_code(net::error::broken_pipe), std::size_t{0}));
          }
          enqueue(make_raw(std::move(bytes)));
          waiter_ = std::make_unique<WaiterFor<decltype(handler)>>(get_executor(), std::move(handler));
          waiter_bytes_ = size;
          waiter_until_ = enqueued_;
          flush();
        },
        token);
  }

  /// No more is written; what the peer still sends can be read.
  void shutdown_send();
  void close();
  [[nodiscard]] bool is_open() const { return socket_.is_open(); }

 private:
  enum class Step : std::uint8_t { begin, waited, finished };
  enum class Readiness : std::uint8_t { done, wants_read, wants_write };

  struct Attempt {
    Readiness readiness = Readiness::done;
    error_code error;
    std::size_t bytes = 0;
  };
  Attempt try_read(net::mutable_buffer buffer);
  Attempt try_handshake();
  Attempt tls_result(int result);
  /// What send(2) says to the queue's first frames.
  ssize_t send_frames();
  Attempt write_plain();
  Attempt write_tls();
  static Socket::wait_type wait_for(Readiness readiness) {
    return readiness == Readiness::wants_write ? Socket::wait_write : Socket::wait_read;
  }

  struct ReadOp {
    Wire& wire;
    net::mutable_buffer buffer;
    error_code result;
    std::size_t bytes;
    Step step;

    template <class Self>
    void operator()(Self& self, error_code waited = {}) {
      if (step == Step::finished) return self.complete(result, bytes);
      if (waited) return self.complete(waited, 0);
      const Attempt attempt = wire.try_read(buffer);
      if (attempt.readiness != Readiness::done) {
        step = Step::waited;
        return wire.socket_.async_wait(wait_for(attempt.readiness), std::move(self));
      }
      if (step == Step::waited) return self.complete(attempt.error, attempt.bytes);
      // A handler is never called from within the function that took it.
      step = Step::finished;
      result = attempt.error;
      bytes = attempt.bytes;
      net::post(wire.get_executor(), std::move(self));
    }
  };

  struct HandshakeOp {
    Wire& wire;

    template <class Self>
    void operator()(Self& self, error_code waited = {}) {
      if (waited) return self.complete(waited);
      const Attempt attempt = wire.try_handshake();
      // The client speaks first, so the first attempt always has to wait and never completes from here.
      if (attempt.readiness != Readiness::done) {
        return wire.socket_.async_wait(wait_for(attempt.readiness), std::move(self));
      }
      self.complete(attempt.error);
    }
  };

  struct Waiter {
    virtual ~Waiter() = default;
    virtual void complete(error_code error, std::size_t bytes) = 0;
  };
  template <class Handler>
  struct WaiterFor final : Waiter {
    WaiterFor(executor_type e, Handler h) : executor(e), handler(std::move(h)) {}
    void complete(error_code error, std::size_t bytes) override {
      net::post(executor, boost::beast::bind_front_handler(std::move(handler), error, bytes));
    }
    executor_type executor;
    Handler handler;
  };

  void written(std::size_t bytes);
  void broken(error_code error);

  Socket socket_;
  SslPtr ssl_;
  Metrics& metrics_;
  WireOwner& owner_;
  std::string unread_;

  std::vector<FramePtr> queue_;
  std::size_t head_ = 0;          // of the queue: those before it are gone
  std::size_t front_offset_ = 0;  // bytes of the frame at the head that are gone
  std::size_t queued_bytes_ = 0;
  bool waiting_ = false;  // for the kernel to take more
  bool broken_ = false;
  bool send_shut_ = false;
  std::uint64_t enqueued_ = 0;      // bytes, ever
  std::uint64_t taken_ = 0;         // bytes, ever
  std::unique_ptr<Waiter> waiter_;  // of async_write_some; Beast has one write at a time
  std::size_t waiter_bytes_ = 0;
  std::uint64_t waiter_until_ = 0;
};

/// Found by Beast when a closing handshake is over: the rest is the connection's.
template <class Handler>
void async_teardown(boost::beast::role_type, Wire& wire, Handler&& handler) {
  net::post(wire.get_executor(),
            boost::beast::bind_front_handler(std::forward<Handler>(handler), Wire::error_code{}));
}
/// Found by Beast when one of its own timeouts is over; none is set.
inline void beast_close_socket(Wire& wire) {
  wire.close();
}
inline void teardown(boost::beast::role_type, Wire&, Wire::error_code& error) {
  error = {};
}

}  // namespace sotto::server
