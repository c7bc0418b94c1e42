// HTTP/1.1 on a connection: one request after the other, each answered by a route.
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>

#include "server/gateway/client_address.hpp"
#include "server/gateway/net/beast_connection.hpp"

namespace sotto::server {

namespace {
/// A body may come with as many bytes of the next request as fit here.
constexpr std::size_t kReadAhead = 16 * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
}  // namespace

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
  http_->held = response.held;
  state_ = State::responding;
  deadline_in(context_.config.keep_alive_timeout);
  queue(make_raw(render_response(response, !close_after_response_, http_->is_head, wall_clock_now())));
}

void BeastConnection::after_response() {
  http_->held.reset();
  client_.reset();  // an upgrade that was refused
  if (close_after_response_) return linger();
  await_request(context_.config.keep_alive_timeout);
}

}  // namespace sotto::server
