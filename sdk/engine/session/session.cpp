#include "sdk/engine/session/session.hpp"

#include "base/protocol.hpp"
#include "sdk/engine/session/backoff.hpp"
#include "sdk/engine/session/server_limits.hpp"
#include "sdk/engine/timing.hpp"
#include "sotto/lite/frames.pb.h"

namespace sotto::engine {
namespace {

Error error_of_close(const CloseReason& reason) {
  if (reason.error) return *reason.error;
  switch (reason.code) {
    case close_code::kRestarting:
      return {ErrorCode::server_unavailable, "the server is restarting"};
    case close_code::kTokenInvalid:
      return {ErrorCode::signed_out, "the server refused the access token"};
    case close_code::kSuperseded:
      return {ErrorCode::superseded, "a newer connection of this device took over"};
    case close_code::kTooFast:
      return {ErrorCode::rate_limited, "the server closed the connection: sending too fast"};
    default:
      break;
  }
  if (reason.http_status == 401) return {ErrorCode::signed_out, "the server refused the access token"};
  if (reason.http_status != 0)
    return {ErrorCode::server_unavailable,
            "the server refused the connection with " + std::to_string(reason.http_status)};
  return {ErrorCode::connection_closed, "the connection ended with code " + std::to_string(reason.code)};
}

}  // namespace

void Session::load() {
  if (wanted_) wait_and_retry(Error(ErrorCode::store_failed, "starting again from what is stored"));
}

ConnectionNumber Session::abandon() {
  const ConnectionNumber old = connection_;
  core_.ready = ConnectionNumber::none;
  forget_connection();
  return old;
}

void Session::enter(ConnectionState state, std::optional<Error> cause) {
  if (state_ == state && state != ConnectionState::waiting) return;
  state_ = state;
  ConnectionChanged event;
  event.state = state;
  event.cause = std::move(cause);
  if (state == ConnectionState::waiting && retry_at_)
    event.retry_at = core_.now.wall + (*retry_at_ - core_.now.steady);
  core_.stage(Event(std::move(event)));
}

void Session::want(bool online) {
  wanted_ = online;
  if (!online) {
    drop();
    retry_at_.reset();
    if (state_ != ConnectionState::signed_out) enter(ConnectionState::offline);
    return;
  }
  const bool busy = connection_ != ConnectionNumber::none || state_ == ConnectionState::connecting;
  if (busy) return;
  failures_ = 0;
  open();
}

void Session::network_changed() {
  if (!wanted_) return;
  if (state_ == ConnectionState::waiting) {
    failures_ = 0;
    return open();
  }
  if (core_.connected()) return send_ping(kProbeWithin);
  // An attempt on the old network leads nowhere.
  if (connection_ != ConnectionNumber::none) {
    drop();
    open();
  }
}

void Session::open() {
  retry_at_.reset();
  token_is_new_ = false;
  if (!core_.account || !core_.account->signed_in())
    return enter(ConnectionState::signed_out, Error(ErrorCode::signed_out, "nobody is signed in"));
  enter(ConnectionState::connecting);
  requests_.with_token(false, [this](Result<void> token) {
    if (!wanted_ || state_ != ConnectionState::connecting || connection_ != ConnectionNumber::none) return;
    if (token) return open_with_token();
    if (token.error().code != ErrorCode::signed_out) wait_and_retry(token.error());
  });
}

void Session::open_with_token() {
  connection_ = ConnectionNumber{++last_connection_};
  give_up_at_ = core_.now.steady + kConnectTotalTimeout;
  OpenConnection effect;
  effect.connection = connection_;
  effect.access_token = core_.account->tokens.access.clone();
  core_.stage(Effect(std::move(effect)));
}

void Session::on_connected() {
  ++core_.metrics.connects;
  if (core_.metrics.connects > 1) ++core_.metrics.reconnects;
  connected_at_ = core_.now.steady;
  give_up_at_ = core_.now.steady + kHelloWithin;
}

void Session::on_hello(const lite::Hello& hello) {
  if (core_.connected()) return core_.violation("a second hello");
  if (hello.user_id() != core_.me().value) return core_.violation("hello names another user");
  if (hello.device_id() != core_.account->account.device_id.value)
    return core_.violation("hello names another device");
  if (!is_plausible_time(hello.server_time())) return core_.violation("hello's server_time is out of range");
  give_up_at_.reset();
  token_is_new_ = false;
  skew_ = core_.now.wall - from_unix_ms(hello.server_time());
  stream_name_ = {hello.stream_id(), hello.stream_from()};
  learn_limits(hello.limits());
  core_.ready = connection_;
  if (told_time_) told_time_(from_unix_ms(hello.server_time()));
  pings_sent_ = pings_answered_ = 0;
  ping_at_ = core_.now.steady + kPingEvery;
  renew_before_the_token_ends();
  enter(ConnectionState::catching_up);
  for (Part* part : listeners_)
    part->connected();
}

void Session::learn_limits(const lite::Limits& told) {
  const ProtocolLimits limits = limits_of(told);
  if (limits == core_.account->limits) return;
  core_.account->limits = limits;
  core_.write().account.set_limits(to_bytes(told));
}

void Session::on_synced() {
  enter(ConnectionState::online);
}

void Session::on_going_away(const lite::GoingAway& notice) {
  going_away_after_ = std::min(Milliseconds(notice.reconnect_after_ms()), kLongestServerDelay);
}

void Session::send_ping(Milliseconds answer_within) {
  ++pings_sent_;
  core_.stage(Effect(SendPing{connection_}));
  const Milliseconds by = core_.now.steady + answer_within;
  pong_by_ = pong_by_ ? std::min(*pong_by_, by) : by;
  ping_at_ = core_.now.steady + kPingEvery;
}

void Session::renew_before_the_token_ends() {
  const Milliseconds left = core_.account->tokens.access_expires_at - core_.now.wall;
  renew_at_ = core_.now.steady + std::max(left - kRefreshAhead, kRenewRetry);
}

void Session::renew() {
  renew_at_.reset();
  requests_.with_token(false, [this, connection = connection_](Result<void> token) {
    if (connection != connection_ || !core_.connected()) return;
    if (!token) {
      renew_at_ = core_.now.steady + kRenewRetry;
      return;
    }
    lite::ClientFrame frame;
    frame.mutable_renew()->set_access_token(std::string(as_text(core_.account->tokens.access.view())));
    core_.send(frame);
    renew_before_the_token_ends();
  });
}

void Session::on_pong() {
  if (pings_answered_ == pings_sent_) return;
  ++pings_answered_;
  if (pings_answered_ == pings_sent_) pong_by_.reset();
}

void Session::on_closed(const CloseReason& reason) {
  const Error cause = error_of_close(reason);
  const auto going_away = going_away_after_;
  if (core_.connected() && core_.now.steady - connected_at_ >= kHealthyAfter) failures_ = 0;
  forget_connection();
  if (reason.code == close_code::kSuperseded) {
    wanted_ = false;
    return enter(ConnectionState::superseded, cause);
  }
  if (cause.code == ErrorCode::signed_out) return refresh_and_retry(cause);
  if (going_away) {
    // The server goes on purpose and comes back: no failure, but not everybody at once.
    return wait_and_retry(cause, *going_away + jitter(core_.random, kGoingAwayJitter));
  }
  if (reason.code == close_code::kTooFast) failures_ = std::max(failures_, 2);
  wait_and_retry(cause);
}

void Session::refresh_and_retry(const Error& cause) {
  if (token_is_new_) return signed_out(cause);
  enter(ConnectionState::connecting, cause);
  requests_.with_token(true, [this](Result<void> token) {
    if (!wanted_ || state_ != ConnectionState::connecting || connection_ != ConnectionNumber::none) return;
    token_is_new_ = token.ok();
    if (token) return open_with_token();
    if (token.error().code != ErrorCode::signed_out) wait_and_retry(token.error());
  });
}

void Session::signed_out(const Error& cause) {
  drop();
  retry_at_.reset();
  wanted_ = false;
  if (state_ == ConnectionState::signed_out) return;
  enter(ConnectionState::signed_out, cause);
  core_.stage(Event(SignedOut{cause}));
}

void Session::break_off(std::uint16_t close_code, const Error& cause) {
  if (connection_ == ConnectionNumber::none) return;
  if (core_.connected() && core_.now.steady - connected_at_ >= kHealthyAfter) failures_ = 0;
  core_.stage(Effect(CloseConnection{connection_, close_code}));
  forget_connection();
  wait_and_retry(cause);
}

void Session::drop() {
  if (connection_ == ConnectionNumber::none) return;
  core_.stage(Effect(CloseConnection{connection_, close_code::kNormal}));
  forget_connection();
}

void Session::forget_connection() {
  const bool was_ready = core_.connected();
  connection_ = ConnectionNumber::none;
  core_.ready = ConnectionNumber::none;
  going_away_after_.reset();
  give_up_at_.reset();
  ping_at_.reset();
  pong_by_.reset();
  renew_at_.reset();
  if (!was_ready) return;
  for (Part* part : listeners_)
    part->disconnected();
}

void Session::wait_and_retry(const Error& cause, std::optional<Milliseconds> at_least) {
  if (!wanted_) return enter(ConnectionState::offline, cause);
  if (cause.code == ErrorCode::too_large) {
    // The next connection gets to the same frame: only somebody who changes the server's limits can help.
    core_.stage(Event(ErrorOccurred{cause}));
    at_least = kLongestServerDelay;
  }
  Milliseconds delay{0};
  if (at_least)
    delay = *at_least;
  else if (failures_ == 0)
    delay = jitter(core_.random, kFirstRetryJitter);
  else
    delay = full_jitter(core_.random, kBackoffBase, kBackoffCap, failures_ - 1);
  if (!at_least) ++failures_;
  retry_at_ = core_.now.steady + std::max(delay, std::min(cause.retry_after, kLongestServerDelay));
  enter(ConnectionState::waiting, cause);
}

void Session::work() {
  const Milliseconds now = core_.now.steady;
  if (give_up_at_ && now >= *give_up_at_)
    return break_off(close_code::kNormal,
                     Error(ErrorCode::timed_out, "the connection did not come about in time"));
  if (pong_by_ && now >= *pong_by_)
    return break_off(close_code::kNormal, Error(ErrorCode::timed_out, "the server does not answer"));
  if (ping_at_ && now >= *ping_at_) send_ping(kPongWithin);
  if (renew_at_ && now >= *renew_at_) renew();
  if (retry_at_ && now >= *retry_at_) open();
}

std::optional<Milliseconds> Session::deadline() const {
  return earlier(earlier(earlier(give_up_at_, pong_by_), earlier(ping_at_, retry_at_)), renew_at_);
}

}  // namespace sotto::engine
