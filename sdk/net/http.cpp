#include "sdk/net/http.hpp"

#include <optional>
#include <utility>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "sdk/net/channel/failure.hpp"
#include "sdk/net/channel/opening.hpp"
#include "sdk/net/header_text.hpp"

namespace sotto::net {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

// Servers themselves accept 8 to 16 KiB; more than that is somebody's attack or mistake.
constexpr std::uint32_t kMaxHeaderBytes = 16u << 10;

std::string pool_key(const Url& url) {
  return (url.tls ? "tls " : "plain ") + url.server();
}

/// RFC 9110 §9.2.2: doing it twice does the same as doing it once.
bool is_idempotent(http::verb method) {
  return method != http::verb::post && method != http::verb::patch;
}

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(IoLoop& loop, asio::ssl::context& tls, const TransportOptions& options,
           std::shared_ptr<IdleChannels> idle, HttpRequest request, HttpHandler handler)
      : loop_(loop),
        tls_(tls),
        options_(options),
        idle_(std::move(idle)),
        request_(std::move(request)),
        handler_(std::move(handler)) {}

  void start();
  void cancel();

 private:
  Result<void> prepare();
  void open();
  void on_channel(Result<std::unique_ptr<Channel>> channel);
  void ask();
  void on_asked(error_code error);
  void on_answered(error_code error);
  void on_broken(error_code error);
  void finish(Result<HttpResponse> result);

  IoLoop& loop_;
  asio::ssl::context& tls_;
  const TransportOptions options_;
  std::shared_ptr<IdleChannels> idle_;
  HttpRequest request_;
  HttpHandler handler_;  // empty once finished or cancelled

  Url url_;
  http::request<http::string_body> message_;
  std::shared_ptr<Opening> opening_;
  std::unique_ptr<Channel> channel_;
  bool reused_ = false;
  beast::flat_buffer incoming_;
  std::optional<http::response_parser<http::string_body>> parser_;
  std::unique_ptr<Timer> deadline_;
};

void Exchange::start() {
  if (auto prepared = prepare(); !prepared) {
    loop_.post([self = shared_from_this(), error = prepared.error()] { self->finish(error); });
    return;
  }
  deadline_ = loop_.after(request_.timeout, [this] {
    finish(Error(ErrorCode::timed_out, "no answer from " + url_.server() + " in time"));
  });
  channel_ = idle_->take(url_);
  reused_ = channel_ != nullptr;
  if (reused_) {
    ask();
  } else {
    open();
  }
}

Result<void> Exchange::prepare() {
  auto url = parse_url(request_.url);
  if (!url) return url.error();
  url_ = std::move(*url);
  if (url_.websocket) return Error(ErrorCode::invalid_argument, "a request's URL starts with http or https");
  const http::verb method = http::string_to_verb(request_.method);
  if (method == http::verb::unknown || method == http::verb::head || method == http::verb::connect) {
    return Error(ErrorCode::invalid_argument, "the HTTP method cannot be used here");
  }
  message_ = {method, url_.target, 11, std::move(request_.body)};
  message_.set(http::field::host, url_.authority);
  message_.set(http::field::user_agent, options_.user_agent);
  for (const auto& [name, value] : request_.headers) {
    if (!is_header_name(name) || !is_header_value(value)) {
      return Error(ErrorCode::invalid_argument, "a request header holds a character that it may not hold");
    }
    message_.set(name, value);
  }
  message_.prepare_payload();
  return {};
}

void Exchange::open() {
  opening_ = Opening::start(loop_, tls_, url_, options_.timeouts,
                            [self = shared_from_this()](Result<std::unique_ptr<Channel>> channel) {
                              self->on_channel(std::move(channel));
                            });
}

void Exchange::on_channel(Result<std::unique_ptr<Channel>> channel) {
  opening_.reset();
  if (!handler_) return;
  if (!channel) return finish(channel.error());
  channel_ = std::move(*channel);
  ask();
}

void Exchange::ask() {
  parser_.emplace();
  parser_->header_limit(kMaxHeaderBytes);
  parser_->body_limit(request_.max_response_bytes);
  incoming_.clear();
  http::async_write(*channel_, message_,
                    [self = shared_from_this()](error_code error, std::size_t) { self->on_asked(error); });
}

void Exchange::on_asked(error_code error) {
  if (!handler_) return;
  // A server may refuse a large body without reading it and close: its answer counts more than our error.
  if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset)
    return on_broken(error);
  http::async_read(
      *channel_, incoming_, *parser_,
      [self = shared_from_this()](error_code read_error, std::size_t) { self->on_answered(read_error); });
}

void Exchange::on_answered(error_code error) {
  if (!handler_) return;
  if (error) return on_broken(error);
  auto& message = parser_->get();
  HttpResponse response;
  response.status = message.result_int();
  for (const auto& field : message) {
    response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  response.body = std::move(message.body());
  // Bytes after the answer belong to no request of ours: such a connection is not used again.
  if (message.keep_alive() && incoming_.size() == 0) idle_->put(url_, std::move(channel_));
  finish(std::move(response));
}

void Exchange::on_broken(error_code error) {
  const bool unanswered = !parser_->got_some();
  if (reused_ && unanswered && is_idempotent(message_.method())) {
    // The server closed the idle connection just as it was used again.
    reused_ = false;
    channel_->close();
    return open();
  }
  finish(describe_http_failure(error, url_.server()));
}

void Exchange::finish(Result<HttpResponse> result) {
  if (!handler_) return;
  const auto self = shared_from_this();
  const HttpHandler handler = std::exchange(handler_, nullptr);
  cancel();
  handler(std::move(result));
}

void Exchange::cancel() {
  handler_ = nullptr;
  deadline_.reset();
  if (opening_) opening_->cancel();
  if (channel_) channel_->close();
}

class Handle final : public PendingRequest {
 public:
  explicit Handle(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~Handle() override { exchange_->cancel(); }

 private:
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (beast::iequals({key.data(), key.size()}, {name.data(), name.size()})) return value;
  }
  return {};
}

std::unique_ptr<Channel> IdleChannels::take(const Url& url) {
  const auto found = idle_.find(pool_key(url));
  if (found == idle_.end()) return nullptr;
  auto channel = std::move(found->second.channel);
  idle_.erase(found);
  return channel->is_quiet() ? std::move(channel) : nullptr;
}

void IdleChannels::put(const Url& url, std::unique_ptr<Channel> channel) {
  const auto key = pool_key(url);
  idle_[key] = {std::move(channel), loop_.after(keep_for_, [this, key] { idle_.erase(key); })};
}

std::unique_ptr<PendingRequest> send_request(IoLoop& loop, asio::ssl::context& tls,
                                             const TransportOptions& options,
                                             const std::shared_ptr<IdleChannels>& idle, HttpRequest request,
                                             HttpHandler handler) {
  auto exchange =
      std::make_shared<Exchange>(loop, tls, options, idle, std::move(request), std::move(handler));
  exchange->start();
  return std::make_unique<Handle>(std::move(exchange));
}

}  // namespace sotto::net
