#include "sdk/client/driver.hpp"

#include <algorithm>
#include <utility>

#include "base/protocol.hpp"
#include "sdk/engine/timing.hpp"
#include "sdk/net/header_text.hpp"
#include "sdk/net/url.hpp"

namespace sotto::client {

using engine::ConnectionNumber;
using engine::Now;
using engine::RequestNumber;

namespace {

// One round trip on a bad network. An app that closes does not want to wait for a server that is gone.
constexpr Milliseconds kFarewellWithin{1'000};

std::string secret_text(const SecretBytes& secret) {
  return std::string(as_text(secret.view()));
}

}  // namespace

Result<std::string> server_address(const std::string& text) {
  const auto url = net::parse_url(text);
  if (!url) return url.error();
  if (url->websocket)
    return Error(ErrorCode::invalid_argument, "the server's URL has to start with http or https");
  if (url->target.find('?') != std::string::npos) {
    return Error(ErrorCode::invalid_argument, "the server's URL holds a query");
  }
  std::string address = (url->tls ? "https://" : "http://") + url->authority + url->target;
  while (address.ends_with('/'))
    address.pop_back();
  return address;
}

Driver::Driver(engine::Engine& engine, Surroundings world, const std::string& server_url,
               std::function<void(const Input&)> feed)
    : engine_(engine), world_(std::move(world)), http_base_(server_url), feed_(std::move(feed)) {
  while (!http_base_.empty() && http_base_.back() == '/')
    http_base_.pop_back();
  // http -> ws, https -> wss; the scheme may be written in any case.
  socket_url_ = "ws" + http_base_.substr(4) + "/ws/connect";
}

Driver::~Driver() = default;

void Driver::perform(engine::Effect effect) {
  std::visit([this](auto& e) { perform(e); }, effect);
}

// ------------------------------------------------------------------ connections

void Driver::perform(engine::OpenConnection& effect) {
  const ConnectionNumber connection = effect.connection;
  net::WebSocketHandlers handlers;
  handlers.on_open = [this, connection] { feed_([&](Now now) { engine_.on_connected(connection, now); }); };
  handlers.on_frame = [this, connection](ByteView frame) {
    if (!sockets_.contains(connection)) return;  // closing: the engine wants no more of it
    feed_([&](Now now) { engine_.on_frame(connection, frame, now); });
  };
  handlers.on_pong = [this, connection] { feed_([&](Now now) { engine_.on_pong(connection, now); }); };
  handlers.on_closed = [this, connection](const net::Closed& why) { on_closed(connection, why); };
  net::WebSocketRequest request;
  request.url = socket_url_;
  request.bearer_token = secret_text(effect.access_token);
  sockets_[connection] = world_.transport.connect(std::move(request), std::move(handlers));
}

void Driver::perform(engine::SendFrame& effect) {
  const auto found = sockets_.find(effect.connection);
  if (found == sockets_.end() || found->second->send(std::move(effect.frame))) return;
  // More waits than the engine ever has in flight: the peer does not read. The end of this connection tells
  // the engine, which sends again on the next.
  found->second->close(close_code::kGoingAway);
}

void Driver::perform(engine::SendPing& effect) {
  if (const auto found = sockets_.find(effect.connection); found != sockets_.end()) found->second->ping();
}

void Driver::perform(engine::CloseConnection& effect) {
  auto node = sockets_.extract(effect.connection);
  if (node.empty()) return;
  node.mapped()->close(effect.code);
  closing_.insert(std::move(node));
}

void Driver::on_closed(ConnectionNumber connection, const net::Closed& why) {
  engine::CloseReason reason;
  reason.code = why.close_code;
  reason.http_status = static_cast<int>(why.http_status);
  reason.error = why.error;
  if (sockets_.erase(connection) != 0) {
    feed_([&](Now now) { engine_.on_closed(connection, reason, now); });
    return;
  }
  closing_.erase(connection);
  if (closing_.empty() && farewell_done_) {
    farewell_limit_.reset();
    std::exchange(farewell_done_, nullptr)();
  }
}

void Driver::farewell(std::function<void()> done) {
  requests_.clear();
  if (closing_.empty()) return done();
  farewell_done_ = std::move(done);
  farewell_limit_ = world_.loop.after(kFarewellWithin, [this] {
    closing_.clear();
    std::exchange(farewell_done_, nullptr)();
  });
}

// ------------------------------------------------------------------ requests

void Driver::perform(engine::SendRequest& effect) {
  const RequestNumber number = effect.request;
  auto& what = effect.what;
  net::HttpRequest request;
  request.method = std::move(what.method);
  request.url = http_base_ + what.path;
  request.headers = std::move(what.headers);
  if (!what.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  if (!what.bearer.empty())
    request.headers.emplace_back("Authorization", "Bearer " + secret_text(what.bearer));
  request.body = std::move(what.body);
  request.timeout = engine::kRequestTimeout;
  requests_[number] = world_.transport.request(
      std::move(request),
      [this, number](Result<net::HttpResponse> answer) { on_answer(number, std::move(answer)); });
}

void Driver::on_answer(RequestNumber request, Result<net::HttpResponse> answer) {
  requests_.erase(request);
  feed_([&](Now now) {
    if (!answer) return engine_.on_request_failed(request, answer.error(), now);
    engine::HttpResponse response;
    response.status = static_cast<int>(answer->status);
    response.retry_after = net::parse_retry_after(answer->header("Retry-After"));
    response.body = std::move(answer->body);
    engine_.on_response(request, std::move(response), now);
  });
}

void Driver::perform(engine::CancelRequest& effect) {
  requests_.erase(effect.request);
}

// ------------------------------------------------------------------ views

void Driver::perform(engine::TimelineChanged& effect) {
  const auto found = timelines_.find(effect.view);
  if (found == timelines_.end()) return;
  if (const auto state = found->second.lock()) {
    state->add(std::move(effect.changes));
    views_changed_ = true;
  }
}

void Driver::perform(engine::ConversationListChanged& effect) {
  const auto found = lists_.find(effect.view);
  if (found == lists_.end()) return;
  if (const auto state = found->second.lock()) {
    state->add(std::move(effect.changes));
    views_changed_ = true;
  }
}

void Driver::hide(engine::ViewNumber view) {
  timelines_.erase(view);
  lists_.erase(view);
}

// ------------------------------------------------------------------ time

void Driver::set_timer(std::optional<Milliseconds> deadline) {
  if (deadline == deadline_) return;
  deadline_ = deadline;
  timer_.reset();
  if (!deadline) return;
  const auto delay = std::max(*deadline - world_.now().steady, Milliseconds{0});
  timer_ = world_.loop.after(delay, [this] {
    deadline_.reset();
    feed_([&](Now now) { engine_.on_timer(now); });
  });
}

}  // namespace sotto::client
