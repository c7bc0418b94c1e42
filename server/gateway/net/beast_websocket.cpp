// A WebSocket on a connection: the upgrade, frames to and from the session, the closing handshake.
#include <boost/beast/websocket/rfc6455.hpp>

#include "server/config/address.hpp"
#include "server/gateway/net/beast_connection.hpp"
#include "server/gateway/session/session_jobs.hpp"
#include "server/services/accounts/auth_service.hpp"

namespace sotto::server {

namespace {
/// What a larger message is read in; the memory is given back after it.
constexpr std::size_t kChunkBytes = 8 * 1024;
/// RFC 6455 §5.5: a control frame has 125 bytes, two of them the code.
constexpr std::size_t kReasonBytes = 123;
}  // namespace

void BeastConnection::begin_upgrade(HttpRequest&& request) {
  UpgradeJudgement judgement = judge_upgrade(request);
  if (!judgement.upgrade) return respond(judgement.refusal);
  if (draining_) return respond(problem(503, "going_away", "the server is going; connect again"));
  // Whom a trusted proxy speaks for; the listener has counted everybody else.
  if (request.remote_address != address_) {
    client_ = context_.clients.take(client_network(request.remote_address));
    if (!client_) {
      context_.metrics.connections_refused.add();
      return respond(problem(503, "too_many_connections", "too many connections from this address"));
    }
  }

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
  // Whose turn it is to read; a token that is none costs the storage nothing.
  const auto bearer = context_.app.services.auth.bearer(loop_->now(), token);
  if (!bearer)
    return on_caller(std::move(upgrade),
                     refuse(ServiceCode::unauthorized, "the access token is not valid or has expired"));
  std::unique_ptr<ReadJob> job = std::make_unique<TokenJob>(
      context_.app.services.auth, bearer->user, std::move(token),
      [loop = loop_, self = weak_from_this(), upgrade = std::move(upgrade)](ServiceResult<Bearer> owner) {
        loop->post([self, upgrade, owner = std::move(owner)] {
          if (const auto alive = self.lock()) alive->on_caller(upgrade, owner);
        });
      });
  if (context_.app.ports.storage.read(job)) return;
  HttpResponse busy = problem(503, "unavailable", "the server is busy; try again");
  busy.headers.push_back({"Retry-After", "1"});
  respond(busy);
}

void BeastConnection::on_caller(Upgrade upgrade, ServiceResult<Bearer> bearer) {
  if (state_ != State::upgrading) return;
  if (!bearer) {
    const ServiceError& error = bearer.error();
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
                                                upgrade.format, bearer->caller, std::move(upgrade.token)));
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

}  // namespace sotto::server
