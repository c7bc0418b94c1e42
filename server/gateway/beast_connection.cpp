// The only translation unit that instantiates Beast: it costs a gigabyte of memory and most of a minute to
// compile. Everything that can be decided without it is elsewhere (http_exchange, session, wire).
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "server/gateway/client_address.hpp"
#include "server/gateway/connection.hpp"
#include "server/gateway/http_exchange.hpp"
#include "server/gateway/io_loop.hpp"
#include "server/gateway/session_jobs.hpp"

namespace sotto::server {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

namespace {

/// Where small frames land. A message of 100 characters fits; every idle connection has one of these.
constexpr std::size_t kLandingBytes = 256;
/// What a larger message is read in; the memory is given back after it.
constexpr std::size_t kChunkBytes = 8 * 1024;
/// How long the other side has to answer a close frame, or to read an error before the connection is cut.
constexpr Milliseconds kCloseTimeout = std::chrono::seconds(3);
/// What is read and thrown away meanwhile: closing with unread bytes would reset the connection, and the
/// client might never see the answer (RFC 9112 §9.6).
constexpr std::size_t kLingerBytes = 256 * 1024;
/// A body may come with as many bytes of the next request as fit here.
constexpr std::size_t kReadAhead = 16 * 1024;
/// RFC 6455 §5.5: a control frame has 125 bytes, two of them the code.
constexpr std::size_t kReasonBytes = 123;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kConnectPath = "/ws/connect";

class BeastConnection final : public Connection,
                              public WireOwner,
                              public SessionSink,
                              public std::enable_shared_from_this<BeastConnection> {
 public:
  BeastConnection(std::shared_ptr<IoLoop> loop, const ConnectionContext& context, Socket socket, SslPtr ssl,
                  std::string address, std::function<void()> released)
      : loop_(std::move(loop)),
        context_(context),
        wire_(std::move(socket), std::move(ssl), context.metrics, *this),
        address_(std::move(address)),
        released_(std::move(released)) {}

  ~BeastConnection() override { released_(); }

  // ---- Connection
  void start() override;
  void flush() override;
  void on_deadline() override;
  void drain() override;
  void abort() override;

  // ---- WireOwner
  std::shared_ptr<WireOwner> keep_alive() override { return shared_from_this(); }
  void on_written() override;
  void on_broken() override { abort(); }

  // ---- SessionSink
  void send(FramePtr frame) override;
  void ping(std::string_view payload) override { send(make_ping(payload)); }
  [[nodiscard]] std::size_t queued_bytes() const override { return wire_.queued_bytes(); }
  void resume_reading() override;
  void close(std::uint16_t code, std::string_view reason) override;

 private:
  enum class State : std::uint8_t {
    handshake,   // TLS
    idle,        // between requests
    reading,     // a request
    handling,    // a route has it
    responding,  // until the kernel has all of it
    upgrading,
    websocket,
    closing,    // the closing handshake
    lingering,  // the last bytes are on their way; what still comes is thrown away
    closed,
  };
  /// Of one request; freed when there is none.
  struct Http {
    beast::flat_buffer buffer;
    std::optional<http::request_parser<http::string_body>> parser;
    bool keep_alive = false;
    bool is_head = false;
    std::int64_t received_us = 0;
  };
  class Answer;

  template <class Method>
  auto bind(Method method) {
    return beast::bind_front_handler(method, shared_from_this());
  }
  void deadline_in(Milliseconds time) { loop_->set_deadline(*this, loop_->now() + time); }
  void no_deadline() { loop_->set_deadline(*this, Timestamp::max()); }
  void queue(FramePtr frame);

  // HTTP
  void on_handshake(error_code error);
  void await_request(Milliseconds patience);
  void on_readable(error_code error);
  void on_header(error_code error, std::size_t);
  void on_body(error_code error, std::size_t);
  void reject(error_code error);
  void respond_error(int status, std::string_view code, std::string_view detail);
  void handle();
  HttpRequest take_request();
  void respond(const HttpResponse& response);
  void after_response();

  // WebSocket
  void begin_upgrade(HttpRequest&& request);
  void on_caller(Upgrade upgrade, ServiceResult<Caller> caller);
  void on_accepted(WireFormat format, Caller caller, std::string token, error_code error);
  void read_frame();
  void on_read(error_code error, std::size_t bytes);
  void take_message(std::string_view bytes);

  // The end
  void linger();
  void on_lingered(error_code error, std::size_t bytes);
  void end_session();

  std::shared_ptr<IoLoop> loop_;
  const ConnectionContext& context_;
  Wire wire_;
  std::string address_;
  std::function<void()> released_;
  State state_ = State::idle;
  bool draining_ = false;
  bool close_after_response_ = false;
  bool flush_asked_ = false;
  bool reading_ = false;

  std::unique_ptr<Http> http_;
  std::optional<websocket::stream<Wire&, false>> websocket_;  // false: no permessage-deflate, 120 KB each
  Session* session_ = nullptr;
  std::string message_;  // one that did not fit into the landing
  std::array<char, kLandingBytes> landing_;
  std::size_t lingered_ = 0;
};

/// What a route answers through: once, from any thread. Dropped without an answer, it answers 500.
class BeastConnection::Answer {
 public:
  Answer(std::shared_ptr<IoLoop> loop, std::weak_ptr<BeastConnection> connection)
      : loop_(std::move(loop)), connection_(std::move(connection)) {}
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() { give(problem(500, "internal", "the server has no answer to this request")); }

  void give(HttpResponse response) {
    if (given_.exchange(true)) return;
    loop_->post([connection = std::move(connection_), response = std::move(response)] {
      if (const auto alive = connection.lock()) alive->respond(response);
    });
  }

 private:
  std::shared_ptr<IoLoop> loop_;
  std::weak_ptr<BeastConnection> connection_;
  std::atomic<bool> given_{false};
};

// ---------------------------------------------------------------- any connection

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
  if (state_ == State::idle || state_ == State::handshake) abort();
  // A request that is being read, handled or answered ends the connection with its answer.
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
  deadline_in(kCloseTimeout);
  lingered_ = 0;
  wire_.async_read_some(net::buffer(landing_), bind(&BeastConnection::on_lingered));
}

void BeastConnection::on_lingered(error_code error, std::size_t bytes) {
  lingered_ += bytes;
  if (error || lingered_ > kLingerBytes || state_ != State::lingering) return abort();
  wire_.async_read_some(net::buffer(landing_), bind(&BeastConnection::on_lingered));
}

// ---------------------------------------------------------------- HTTP

void BeastConnection::await_request(Milliseconds patience) {
  state_ = State::idle;
  if (draining_) return abort();
  if (http_ && http_->buffer.size() > 0) return on_readable({});  // pipelined
  http_.reset();                                                  // an idle connection holds no buffers
  deadline_in(patience);
  wire_.async_wait_readable(bind(&BeastConnection::on_readable));
}

void BeastConnection::on_readable(error_code error) {
  if (state_ != State::idle) return;
  if (error) return abort();
  state_ = State::reading;
  deadline_in(context_.config.request_timeout);
  if (!http_) {
    http_ = std::make_unique<Http>();
    http_->buffer.max_size(context_.config.max_header_bytes + kReadAhead);
  }
  auto& parser = http_->parser.emplace();
  parser.header_limit(static_cast<std::uint32_t>(context_.config.max_header_bytes));
  parser.body_limit(context_.config.max_body_bytes);
  http::async_read_header(wire_, http_->buffer, parser, bind(&BeastConnection::on_header));
}

void BeastConnection::on_header(error_code error, std::size_t) {
  if (state_ != State::reading) return;
  if (error) return reject(error);
  const auto& request = http_->parser->get();
  http_->keep_alive = request.keep_alive();
  http_->is_head = request.method() == http::verb::head;
  if (request.version() != 10 && request.version() != 11) {
    return respond_error(505, "http_version", "HTTP/1.0 and HTTP/1.1 are spoken");
  }
  if (request.version() == 11 && request.count(http::field::host) != 1) {
    return respond_error(400, "bad_request", "Host: must be there once");  // RFC 9112 §3.2
  }
  if (request.count(http::field::expect) > 0) {
    if (!beast::iequals(request[http::field::expect], "100-continue")) {
      return respond_error(417, "expectation_failed", "Expect: only 100-continue is known");
    }
    queue(make_raw(std::string(kContinue)));
  }
  http::async_read(wire_, http_->buffer, *http_->parser, bind(&BeastConnection::on_body));
}

void BeastConnection::on_body(error_code error, std::size_t) {
  if (state_ != State::reading) return;
  if (error) return reject(error);
  handle();
}

void BeastConnection::reject(error_code error) {
  // Nothing was asked, or nobody is there to hear the answer.
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error.category() != http::make_error_code(http::error::bad_version).category()) {
    return abort();
  }
  context_.metrics.http_rejected.add();
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return respond_error(431, "header_too_large",
                         "the request's headers are larger than " +
                             std::to_string(context_.config.max_header_bytes) + " bytes");
  }
  if (error == http::error::body_limit) {
    return respond_error(
        413, "too_large",
        "the request's body is larger than " + std::to_string(context_.config.max_body_bytes) + " bytes");
  }
  if (error == http::error::bad_version) {
    return respond_error(505, "http_version", "HTTP/1.0 and HTTP/1.1 are spoken");
  }
  respond_error(400, "bad_request", "not HTTP: " + error.message());
}

void BeastConnection::respond_error(int status, std::string_view code, std::string_view detail) {
  close_after_response_ = true;  // where the next request begins is anybody's guess
  respond(problem(status, code, detail));
}

HttpRequest BeastConnection::take_request() {
  auto message = http_->parser->release();
  HttpRequest request;
  request.method = std::string(message.method_string());
  for (const auto& field : message) {
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  request.body = std::move(message.body());
  request.remote_address = client_address(address_, request.headers, context_.config.trusted_proxies);
  if (auto target = split_target(message.target())) {
    request.path = std::move(target->path);
    request.query = std::move(target->query);
  }
  return request;
}

void BeastConnection::handle() {
  http_->received_us = loop_->monotonic_us();
  HttpRequest request = take_request();
  http_->parser.reset();
  context_.metrics.http_requests.add();
  if (request.path.empty()) {
    return respond_error(400, "bad_request", "the request's target must be a path");
  }
  state_ = State::handling;
  no_deadline();
  if (request.path == kConnectPath) return begin_upgrade(std::move(request));
  auto answer = std::make_shared<Answer>(loop_, weak_from_this());
  context_.api.handle(std::move(request), [answer = std::move(answer)](HttpResponse response) {
    answer->give(std::move(response));
  });
}

void BeastConnection::respond(const HttpResponse& response) {
  if (state_ != State::handling && state_ != State::reading && state_ != State::upgrading) return;
  if (draining_ || !http_->keep_alive) close_after_response_ = true;
  const auto hundreds = static_cast<std::size_t>(response.status / 100);
  if (hundreds < context_.metrics.http_responses.size()) context_.metrics.http_responses[hundreds].add();
  if (http_->received_us != 0) {
    context_.metrics.http_seconds.observe(static_cast<double>(loop_->monotonic_us() - http_->received_us) /
                                          1e6);
    http_->received_us = 0;
  }
  state_ = State::responding;
  deadline_in(context_.config.keep_alive_timeout);
  queue(make_raw(render_response(response, !close_after_response_, http_->is_head, wall_clock_now())));
}

void BeastConnection::after_response() {
  if (close_after_response_) return linger();
  await_request(context_.config.keep_alive_timeout);
}

// ---------------------------------------------------------------- WebSocket

void BeastConnection::begin_upgrade(HttpRequest&& request) {
  UpgradeJudgement judgement = judge_upgrade(request);
  if (!judgement.upgrade) return respond(judgement.refusal);
  if (draining_) return respond(problem(503, "going_away", "the server is going; connect again"));

  state_ = State::upgrading;
  deadline_in(context_.config.request_timeout);
  // Beast answers the handshake from the request's own headers.
  auto& upgrade_request = http_->parser.emplace().get();
  upgrade_request.method(http::verb::get);
  upgrade_request.target(kConnectPath);
  upgrade_request.version(11);
  for (const HttpHeader& header : request.headers)
    upgrade_request.insert(header.name, header.value);

  Upgrade upgrade = std::move(*judgement.upgrade);
  std::string token = upgrade.token;
  std::unique_ptr<ReadJob> job = std::make_unique<TokenJob>(
      context_.services.auth, std::move(token),
      [loop = loop_, self = weak_from_this(), upgrade = std::move(upgrade)](ServiceResult<Caller> caller) {
        loop->post([self, upgrade, caller = std::move(caller)] {
          if (const auto alive = self.lock()) alive->on_caller(upgrade, caller);
        });
      });
  if (context_.services.storage.read(job)) return;
  HttpResponse busy = problem(503, "busy", "the server is busy");
  busy.headers.push_back({"Retry-After", "1"});
  respond(busy);
}

void BeastConnection::on_caller(Upgrade upgrade, ServiceResult<Caller> caller) {
  if (state_ != State::upgrading) return;
  if (!caller) {
    const ServiceError& error = caller.error();
    HttpResponse refusal = problem(http_status(error.code), rest_word(error.code), error.detail);
    if (refusal.status == 401)
      refusal.headers.push_back({"WWW-Authenticate", "Bearer error=\"invalid_token\""});
    return respond(refusal);
  }
  if (draining_) return respond(problem(503, "going_away", "the server is going; connect again"));

  // Frames that came right behind the request, before its answer.
  const auto rest = http_->buffer.cdata();
  wire_.unread({static_cast<const char*>(rest.data()), rest.size()});
  http_->buffer.consume(rest.size());

  auto& stream = websocket_.emplace(wire_);
  stream.read_message_max(context_.config.max_frame_bytes);
  stream.auto_fragment(false);
  stream.set_option(
      websocket::stream_base::decorator([protocol = upgrade.subprotocol](websocket::response_type& response) {
        response.set(http::field::server, "sotto");
        if (!protocol.empty()) response.set(http::field::sec_websocket_protocol, protocol);
      }));
  stream.control_callback([this](websocket::frame_type kind, beast::string_view payload) {
    if (session_ == nullptr) return;
    if (kind == websocket::frame_type::pong) return session_->on_pong(payload);
    if (kind == websocket::frame_type::ping) session_->on_heard();
  });
  stream.async_accept(http_->parser->get(),
                      beast::bind_front_handler(&BeastConnection::on_accepted, shared_from_this(),
                                                upgrade.format, *caller, std::move(upgrade.token)));
}

void BeastConnection::on_accepted(WireFormat format, Caller caller, std::string token, error_code error) {
  if (state_ != State::upgrading) return;
  if (error) return abort();
  http_.reset();
  no_deadline();
  if (draining_) return abort();
  state_ = State::websocket;
  session_ = &loop_->shard().open(caller, format, *this, std::move(token));
  if (session_->may_read()) read_frame();
}

void BeastConnection::read_frame() {
  reading_ = true;
  if (message_.empty()) {
    return websocket_->async_read_some(net::buffer(landing_), bind(&BeastConnection::on_read));
  }
  // Behind what has come of the message; on_read cuts it to what it got.
  const std::size_t before = message_.size();
  message_.resize(before + kChunkBytes);
  websocket_->async_read_some(net::buffer(message_.data() + before, kChunkBytes),
                              bind(&BeastConnection::on_read));
}

void BeastConnection::on_read(error_code error, std::size_t bytes) {
  reading_ = false;
  if (state_ == State::closed || state_ == State::lingering) return;
  if (error) {
    // The peer has closed, or has broken the protocol and Beast has told it so (1002, 1007, 1009).
    return linger();
  }
  std::string_view whole;
  if (message_.empty()) {
    whole = std::string_view(landing_.data(), bytes);
  } else {
    message_.resize(message_.size() - kChunkBytes + bytes);
    whole = message_;
  }
  if (!websocket_->is_message_done()) {
    if (message_.empty()) message_ = whole;
    return read_frame();
  }
  if (session_ == nullptr || state_ != State::websocket) return read_frame();  // until the peer's close frame
  const bool go_on = session_->on_frame(whole, websocket_->got_text());
  message_ = {};
  if (go_on && !reading_) read_frame();
}

void BeastConnection::send(FramePtr frame) {
  // After a close frame of either side nothing may follow (RFC 6455 §5.5.1).
  if (state_ == State::websocket && websocket_->is_open()) queue(std::move(frame));
}

void BeastConnection::resume_reading() {
  if (state_ == State::websocket && !reading_) read_frame();
}

void BeastConnection::close(std::uint16_t code, std::string_view reason) {
  if (state_ != State::websocket) return;
  state_ = State::closing;
  // Whoever has said nothing for so long does not answer this either.
  deadline_in(code == close_code::kGoingAway ? Milliseconds(0) : kCloseTimeout);
  const websocket::close_reason close_reason(static_cast<websocket::close_code>(code),
                                             reason.substr(0, kReasonBytes));
  websocket_->async_close(close_reason, [self = shared_from_this()](error_code) { self->linger(); });
}

void BeastConnection::end_session() {
  if (session_ == nullptr) return;
  const SessionRef ref = session_->ref();
  session_ = nullptr;
  loop_->shard().erase(ref);
}

}  // namespace

std::shared_ptr<Connection> make_connection(std::shared_ptr<IoLoop> loop, const ConnectionContext& context,
                                            Socket socket, SslPtr ssl, std::string address,
                                            std::function<void()> released) {
  return std::make_shared<BeastConnection>(std::move(loop), context, std::move(socket), std::move(ssl),
                                           std::move(address), std::move(released));
}

}  // namespace sotto::server
