#include "sdk/net/websocket.hpp"

#include <deque>
#include <optional>
#include <utility>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "sdk/net/channel/channel.hpp"
#include "sdk/net/channel/failure.hpp"
#include "sdk/net/channel/opening.hpp"
#include "sdk/net/header_text.hpp"
#include "sdk/net/url.hpp"

namespace sotto::net {

namespace {

namespace beast = boost::beast;
namespace ws = boost::beast::websocket;
namespace http = boost::beast::http;

// A chat's frames are small. What one large frame made of the buffer is given back after it.
constexpr std::size_t kKeptBufferBytes = 64u << 10;

// Often enough for several looks within the time that a pong may take.
constexpr Milliseconds kProgressEvery{1'000};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(IoLoop& loop, asio::ssl::context& tls, const TransportOptions& options, WebSocketRequest request,
             WebSocketHandlers handlers)
      : loop_(loop),
        tls_(tls),
        options_(options),
        request_(std::move(request)),
        handlers_(std::make_shared<WebSocketHandlers>(std::move(handlers))) {}

  void start();
  bool send(Bytes frame);
  void ping();
  void close(std::uint16_t code);
  void abandon();

 private:
  enum class Phase { connecting, upgrading, open, closing, closed };
  using Stream = ws::stream<Channel&, false>;  // false: permessage-deflate is not even compiled in

  void on_channel(Result<std::unique_ptr<Channel>> channel);
  void upgrade();
  void on_upgraded(error_code error);
  Closed refused() const;
  void read_next();
  void on_read(error_code error);
  void write_next();
  void on_written(error_code error);
  void watch_progress();
  void on_control(ws::frame_type kind);
  void alive();
  void say_goodbye();
  void on_broken(error_code error);
  void finish(const Closed& why);
  void finish_later(Error why);
  void release();

  IoLoop& loop_;
  asio::ssl::context& tls_;
  const TransportOptions options_;
  WebSocketRequest request_;
  std::shared_ptr<WebSocketHandlers> handlers_;  // null once nothing may call back
  Phase phase_ = Phase::connecting;
  Url url_;

  std::shared_ptr<Opening> opening_;
  std::unique_ptr<Channel> channel_;
  std::optional<Stream> stream_;
  ws::response_type response_;

  beast::flat_buffer incoming_;
  std::deque<Bytes> queue_;  // the first is being written
  std::size_t queued_bytes_ = 0;
  std::uint16_t goodbye_ = 0;

  std::unique_ptr<Timer> connect_deadline_;
  std::unique_ptr<Timer> step_deadline_;  // of upgrading or closing
  std::unique_ptr<Timer> progress_check_;
  bool ping_under_way_ = false;
};

// ------------------------------------------------------------------ connecting

void Connection::start() {
  auto url = parse_url(request_.url);
  if (!url) return finish_later(url.error());
  url_ = std::move(*url);
  if (!url_.websocket) {
    return finish_later(Error(ErrorCode::invalid_argument, "a WebSocket's URL starts with ws or wss"));
  }
  if (!is_header_value(request_.bearer_token) || !is_header_value(request_.subprotocol)) {
    return finish_later(
        Error(ErrorCode::invalid_argument, "the token or subprotocol holds a control character"));
  }
  connect_deadline_ = loop_.after(options_.timeouts.connect_in_all, [this] {
    finish({Error(ErrorCode::timed_out, "connecting to " + url_.server() + " took too long in all")});
  });
  opening_ = Opening::start(loop_, tls_, url_, options_.timeouts,
                            [self = shared_from_this()](Result<std::unique_ptr<Channel>> channel) {
                              self->on_channel(std::move(channel));
                            });
}

void Connection::on_channel(Result<std::unique_ptr<Channel>> channel) {
  opening_.reset();
  if (phase_ != Phase::connecting) return;
  if (!channel) return finish({channel.error()});
  channel_ = std::move(*channel);
  upgrade();
}

void Connection::upgrade() {
  phase_ = Phase::upgrading;
  step_deadline_ = loop_.after(options_.timeouts.upgrade, [this] {
    finish({Error(ErrorCode::timed_out, url_.server() + " did not answer the WebSocket request")});
  });

  stream_.emplace(*channel_);
  // All time limits are this class's own: Beast's have none for a client, and know no pong deadline.
  stream_->set_option(ws::stream_base::timeout{ws::stream_base::none(), ws::stream_base::none(), false});
  stream_->set_option(ws::stream_base::decorator([this](ws::request_type& request) {
    request.set(http::field::user_agent, options_.user_agent);
    request.set(http::field::sec_websocket_protocol, request_.subprotocol);
    if (!request_.bearer_token.empty()) {
      request.set(http::field::authorization, "Bearer " + request_.bearer_token);
    }
  }));
  stream_->control_callback([this](ws::frame_type kind, beast::string_view) { on_control(kind); });
  stream_->binary(true);
  stream_->auto_fragment(false);  // a frame of the protocol is a frame of the socket
  stream_->read_message_max(request_.max_frame_bytes);
  stream_->async_handshake(response_, url_.authority, url_.target,
                           [self = shared_from_this()](error_code error) { self->on_upgraded(error); });
}

void Connection::on_upgraded(error_code error) {
  if (phase_ != Phase::upgrading) return;
  if (error == ws::error::upgrade_declined) return finish(refused());
  if (error) return finish({describe_http_failure(error, url_.server())});
  if (response_[http::field::sec_websocket_protocol] != request_.subprotocol) {
    return finish({Error(ErrorCode::protocol_violation,
                         url_.server() + " speaks WebSocket but not " + request_.subprotocol)});
  }
  phase_ = Phase::open;
  connect_deadline_.reset();
  step_deadline_.reset();
  read_next();
  write_next();
  const auto handlers = handlers_;  // stays whole while it runs, whatever it does to this connection
  handlers->on_open();
}

Closed Connection::refused() const {
  Closed closed;
  closed.http_status = response_.result_int();
  closed.error = describe_refused_upgrade(closed.http_status, url_.server());
  closed.error.retry_after = parse_retry_after(response_[http::field::retry_after]);
  return closed;
}

// ------------------------------------------------------------------ frames in and out

void Connection::read_next() {
  stream_->async_read(incoming_,
                      [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
}

void Connection::on_read(error_code error) {
  if (phase_ != Phase::open && phase_ != Phase::closing) return;
  if (error) return on_broken(error);
  if (!stream_->got_binary()) {
    return finish({Error(ErrorCode::protocol_violation, url_.server() + " sent a text frame")});
  }
  const auto frame = incoming_.cdata();
  const auto handlers = handlers_;
  handlers->on_frame({static_cast<const std::uint8_t*>(frame.data()), frame.size()});
  if (phase_ == Phase::closed) return;
  incoming_.consume(incoming_.size());
  if (incoming_.capacity() > kKeptBufferBytes) incoming_.shrink_to_fit();
  read_next();
}

bool Connection::send(Bytes frame) {
  if (phase_ == Phase::closing || phase_ == Phase::closed) return false;
  if (queued_bytes_ + frame.size() > kSendQueueBytes) return false;
  queued_bytes_ += frame.size();
  queue_.push_back(std::move(frame));
  if (phase_ == Phase::open && queue_.size() == 1) write_next();
  return true;
}

void Connection::write_next() {
  if (queue_.empty()) return;
  stream_->async_write(
      asio::buffer(queue_.front()),
      [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
}

void Connection::on_written(error_code error) {
  if (phase_ != Phase::open && phase_ != Phase::closing) return;
  if (error) return;  // the read that is always under way ends too, and knows more about why
  queued_bytes_ -= queue_.front().size();
  queue_.pop_front();
  if (!queue_.empty()) {
    write_next();
  } else if (phase_ == Phase::closing) {
    say_goodbye();
  }
}

// ------------------------------------------------------------------ signs of life

void Connection::ping() {
  if (phase_ != Phase::open || ping_under_way_) return;
  ping_under_way_ = true;
  stream_->async_ping({}, [self = shared_from_this()](error_code) {
    self->ping_under_way_ = false;
    self->progress_check_.reset();
  });
  watch_progress();
}

// A ping waits behind the frame that is being sent. On a slow line that may take longer than any answer
// should, so as long as the frame moves that counts as the answer.
void Connection::watch_progress() {
  progress_check_ = loop_.after(kProgressEvery, [this, before = channel_->bytes_out()] {
    const bool moved = channel_->bytes_out() != before;
    watch_progress();
    if (moved) alive();
  });
}

void Connection::on_control(ws::frame_type kind) {
  if (kind == ws::frame_type::pong && phase_ == Phase::open) alive();
}

void Connection::alive() {
  const auto handlers = handlers_;
  if (handlers->on_pong) handlers->on_pong();
}

// ------------------------------------------------------------------ the end

void Connection::close(std::uint16_t code) {
  if (phase_ == Phase::closing || phase_ == Phase::closed) return;
  if (phase_ != Phase::open) {
    return finish_later(Error(ErrorCode::cancelled, "closed before the connection was open"));
  }
  phase_ = Phase::closing;
  goodbye_ = code;
  progress_check_.reset();
  step_deadline_ = loop_.after(options_.timeouts.close_within, [this] {
    finish({Error(ErrorCode::connection_closed, url_.server() + " did not answer the close")});
  });
  if (queue_.empty()) say_goodbye();
}

void Connection::say_goodbye() {
  stream_->async_close(ws::close_reason(goodbye_), [self = shared_from_this()](error_code) {
    if (self->phase_ != Phase::closed) {
      self->finish(
          {Error(ErrorCode::connection_closed, "closed by this side"), self->stream_->reason().code});
    }
  });
}

void Connection::on_broken(error_code error) {
  Closed closed{describe_websocket_failure(error, url_.server())};
  if (error == ws::error::closed) closed.close_code = stream_->reason().code;
  if (phase_ == Phase::closing && error == asio::error::operation_aborted)
    return;  // say_goodbye() reports it
  finish(closed);
}

void Connection::finish_later(Error why) {
  loop_.post([self = shared_from_this(), why = std::move(why)] { self->finish({why}); });
}

void Connection::finish(const Closed& why) {
  if (phase_ == Phase::closed) return;
  const auto self = shared_from_this();
  const auto handlers = std::exchange(handlers_, nullptr);
  release();
  handlers->on_closed(why);
}

void Connection::abandon() {
  handlers_.reset();
  if (phase_ != Phase::closed) release();
}

void Connection::release() {
  phase_ = Phase::closed;
  connect_deadline_.reset();
  step_deadline_.reset();
  progress_check_.reset();
  if (opening_) opening_->cancel();
  if (channel_) channel_->close();
  // The first frame may be under way: Beast still reads it until its handler has run.
  if (queue_.size() > 1) queue_.resize(1);
  queued_bytes_ = 0;
}

class Handle final : public WebSocket {
 public:
  explicit Handle(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~Handle() override { connection_->abandon(); }
  bool send(Bytes frame) override { return connection_->send(std::move(frame)); }
  void ping() override { connection_->ping(); }
  void close(std::uint16_t code) override { connection_->close(code); }

 private:
  std::shared_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<WebSocket> open_websocket(IoLoop& loop, boost::asio::ssl::context& tls,
                                          const TransportOptions& options, WebSocketRequest request,
                                          WebSocketHandlers handlers) {
  auto connection = std::make_shared<Connection>(loop, tls, options, std::move(request), std::move(handlers));
  connection->start();
  return std::make_unique<Handle>(std::move(connection));
}

}  // namespace sotto::net
