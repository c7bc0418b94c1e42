#include "server/gateway/session/session.hpp"

#include <algorithm>
#include <utility>

#include "server/gateway/session/frames.hpp"
#include "server/model/limits.hpp"

namespace sotto::server {

namespace {

/// Messages of one connection that may wait for their commit. Enough to keep a client busy for several
/// fsyncs; small enough that a crowd of clients cannot fill the memory.
constexpr std::size_t kMaxUnanswered = 256;
constexpr std::size_t kMaxUnansweredBytes = 1024 * 1024;

/// Nothing but frames that mean nothing, so many times: not a client of ours.
constexpr std::uint32_t kMaxBadInARow = 100;
/// Told so often that it is too fast, and still going on.
constexpr std::uint32_t kMaxRefusedInARow = 200;

std::string barrier_payload(std::uint32_t serial) {
  return "seen " + std::to_string(serial);
}

}  // namespace

Session::Session(SessionRef ref, Caller caller, WireFormat format, SessionSink& sink, SessionHost& host)
    : ref_(ref), caller_(caller), sink_(sink), host_(host), format_(format) {
  const SessionSettings& settings = host_.settings();
  const Timestamp now = host_.now();
  last_heard_ = now;
  next_ping_ = now + settings.ping_interval;
  next_heartbeat_ = now + settings.heartbeat;
  rate_ = host_.rate_of(caller_.device);
}

// ---------------------------------------------------------------- the connection

void Session::start(std::string token) {
  v1::ServerFrame frame;
  v1::Hello& hello = *frame.mutable_hello();
  hello.set_user_id(caller_.user.value);
  hello.set_device_id(caller_.device.value);
  hello.set_server_time(to_unix_ms(host_.now()));
  *hello.mutable_limits() = to_wire(host_.settings().limits);
  hello.set_stream_id(host_.settings().stream.id);
  hello.set_stream_from(host_.settings().stream.from.value);
  send(frame);
  host_.heartbeat(*this);
  look_at_token(std::move(token));
  pay_for_next(0);  // the first frame; after that each pays for the next
  wake_at(std::min(next_ping_, next_heartbeat_));
}

bool Session::on_frame(std::string_view bytes, bool is_text) {
  last_heard_ = host_.now();
  // What comes after the goodbye is not taken: the client has no answer to it and sends it again elsewhere.
  if (closed() || draining_) return false;
  host_.metrics().frames_received.add();

  bool paid = false;
  if (is_text != (format_ == WireFormat::json)) {
    refuse_bad({.code = "bad_frame",
                .message = format_ == WireFormat::json
                               ? "this connection speaks JSON: text messages only"
                               : "this connection speaks protobuf: binary messages only",
                .idempotency_key = std::nullopt});
  } else {
    auto frame = decode_client_frame(format_, bytes);
    if (frame) {
      bad_in_a_row_ = 0;
      paid = is_ephemeral(*frame);
      handle(std::move(*frame));
    } else {
      refuse_bad(frame.error());
    }
  }
  if (closed()) return false;
  if (!paid) pay_for_next(bytes.size());
  if (sink_.queued_bytes() > host_.settings().max_queued_bytes) pause(kUnread);
  return may_read();
}

void Session::on_heard() {
  last_heard_ = host_.now();
}

void Session::on_pong(std::string_view payload) {
  on_heard();
  if (!barrier_ping_out_ || payload != barrier_payload(barrier_serial_)) return;
  barrier_ping_out_ = false;
  lower_barrier_if_seen();
}

void Session::on_written() {
  if (closed()) return;
  if ((pauses_ & kUnread) != 0) last_heard_ = host_.now();  // it reads: that is all it can say now
  if (!has_room()) return;
  resume(kUnread);
  if (waiting_for_room_) {
    waiting_for_room_ = false;
    request_page();
  }
}

// ---------------------------------------------------------------- frames

void Session::handle(v1::ClientFrame&& frame) {
  if (auto ok = check_ids(frame); !ok) {
    if (frame.has_message()) host_.metrics().messages_refused.add();
    return send_error(ok.error(), frame.message().idempotency_key());
  }
  switch (frame.frame_case()) {
    case v1::ClientFrame::kSync:
      return start_catch_up(Place{frame.sync().last_seen_message_id()});
    case v1::ClientFrame::kMessage:
      return handle_message(std::move(*frame.mutable_message()));
    case v1::ClientFrame::kDelivered:
      return handle_delivered(frame.delivered());
    case v1::ClientFrame::kRead:
      return handle_read(frame.read());
    case v1::ClientFrame::kConfirm:
      return host_.confirm(*this, frame.confirm().number());
    case v1::ClientFrame::kRenew:
      return look_at_token(std::move(*frame.mutable_renew()->mutable_access_token()));
    case v1::ClientFrame::kTyping:
      if (!pay_for_ephemeral()) return;
      if (!host_.typing(*this, ConversationId{frame.typing().conversation_id()}))
        send_error(server_is_busy());
      return;
    case v1::ClientFrame::kPresenceSubscribe:
      return handle_presence(frame.presence_subscribe());
    case v1::ClientFrame::FRAME_NOT_SET:
      return;  // the codec gives no such frame
  }
}

void Session::handle_message(v1::OutgoingMessage&& frame) {
  const std::size_t bytes = frame.ByteSizeLong();
  auto message = to_new_message(std::move(frame));
  if (!message) {
    host_.metrics().messages_refused.add();
    // NOLINTNEXTLINE(bugprone-use-after-move): what is refused is not moved from
    return send_error(message.error(), frame.idempotency_key());
  }
  if (barrier_up_) {
    host_.metrics().messages_refused.add();
    send_error(storage_failed(), to_string(message->key));
    return raise_barrier();
  }
  if (!barrier_) barrier_ = std::make_shared<SendBarrier>(false);
  unanswered_.push_back({.arrived_us = host_.monotonic_us(), .bytes = bytes});
  unanswered_bytes_ += bytes;
  if (unanswered() >= kMaxUnanswered || unanswered_bytes_ >= kMaxUnansweredBytes) pause(kUnstored);
  if (!host_.submit(*this, *message, barrier_)) {
    held_ = std::make_unique<NewMessage>(std::move(*message));
    pause(kBusy);
    retry_at_ = host_.now() + kBusyRetry;
    wake_at(retry_at_);
  }
}

void Session::submit_held() {
  if (!held_) return;
  if (host_.submit(*this, *held_, barrier_)) {
    held_.reset();
    return resume(kBusy);
  }
  retry_at_ = host_.now() + kBusyRetry;
  wake_at(retry_at_);
}

void Session::handle_delivered(const v1::Delivered& frame) {
  if (frame.conversation_id() == 0) {
    return send_error(refuse(ServiceCode::bad_request, "delivered.conversation_id: missing"));
  }
  if (static_cast<std::size_t>(frame.message_ids_size()) > kMaxDelivered) {
    return send_error(refuse(ServiceCode::too_large, "delivered.message_ids: more than " +
                                                         std::to_string(kMaxDelivered) + " at once"));
  }
  std::vector<MessageId> messages;
  messages.reserve(static_cast<std::size_t>(frame.message_ids_size()));
  for (const std::uint64_t id : frame.message_ids()) {
    if (id == 0)
      return send_error(refuse(ServiceCode::bad_request, "delivered.message_ids: 0 is no message"));
    messages.emplace_back(id);
  }
  if (host_.delivered(*this, ConversationId{frame.conversation_id()}, messages)) return;
  pause(kReceipts);  // taken, but no more of them
  retry_at_ = host_.now() + kBusyRetry;
  wake_at(retry_at_);
}

void Session::handle_read(const v1::ReadUpTo& frame) {
  if (frame.conversation_id() == 0) {
    return send_error(refuse(ServiceCode::bad_request, "read.conversation_id: missing"));
  }
  if (frame.up_to_message_id() == 0) {
    return send_error(refuse(ServiceCode::bad_request, "read.up_to_message_id: missing"));
  }
  if (host_.read_up_to(*this, ConversationId{frame.conversation_id()}, MessageId{frame.up_to_message_id()}))
    return;
  pause(kReceipts);
  retry_at_ = host_.now() + kBusyRetry;
  wake_at(retry_at_);
}

void Session::look_at_token(std::string token) {
  if (host_.check_token(*this, token)) return;
  unchecked_token_ = std::move(token);
  retry_at_ = host_.now() + kBusyRetry;
  wake_at(retry_at_);
}

void Session::handle_presence(const v1::PresenceSubscribe& frame) {
  if (!pay_for_ephemeral()) return;
  if (static_cast<std::size_t>(frame.user_ids_size()) > kMaxPresence) {
    return send_error(refuse(ServiceCode::too_large, "presence_subscribe.user_ids: more than " +
                                                         std::to_string(kMaxPresence) + " at once"));
  }
  std::vector<UserId> users;
  users.reserve(static_cast<std::size_t>(frame.user_ids_size()));
  for (const std::uint64_t id : frame.user_ids())
    users.emplace_back(id);
  if (state_ == State::awaiting_sync) {
    deferred_watch_ = std::move(users);  // nothing is pushed before the first sync
    return;
  }
  if (!host_.watch(*this, std::move(users))) send_error(server_is_busy());
}

void Session::refuse_bad(const FrameError& error) {
  host_.metrics().frames_bad.add();
  host_.metrics().errors.add(error.code);
  v1::ServerFrame frame = error_frame(error.code, error.message);
  if (error.idempotency_key) frame.mutable_error()->set_idempotency_key(*error.idempotency_key);
  send(frame);
  if (++bad_in_a_row_ >= kMaxBadInARow) close(close_code::kProtocolError, "too many malformed frames");
}

// ---------------------------------------------------------------- how fast

bool Session::pay_for_ephemeral() {
  if (!rate_) return true;
  const Milliseconds wait = rate_->take_ephemeral(host_.now());
  if (wait == Milliseconds(0)) {
    refused_in_a_row_ = 0;
    return true;
  }
  host_.metrics().rate_limited.add("frame");
  if (++refused_in_a_row_ >= kMaxRefusedInARow) {
    close(close_code::kTooFast, "sending too fast");
  } else {
    send_error(refuse_rate("typing and presence_subscribe", wait));
  }
  return false;
}

void Session::pay_for_next(std::size_t bytes) {
  if (!rate_) return;
  const Timestamp now = host_.now();
  const Milliseconds wait = rate_->take_frame(now, bytes);
  if (wait == Milliseconds(0)) return;
  unpaid_bytes_ = bytes;
  host_.metrics().frames_limited.add();
  host_.metrics().rate_limited.add("message");
  pause(kRate);
  rate_over_ = now + wait;
  wake_at(rate_over_);
}

// ---------------------------------------------------------------- answers

void Session::on_answered(const Uuid& key, const ServiceResult<Ack>& outcome) {
  if (unanswered() == 0) return;
  const Unanswered request = unanswered_[answered_++];
  unanswered_bytes_ -= request.bytes;
  if (unanswered() == 0) {
    unanswered_.clear();
    answered_ = 0;
    // A burst's memory is not kept by a connection that has gone quiet.
    if (unanswered_.capacity() > kMaxUnanswered / 4) unanswered_.shrink_to_fit();
  } else if (answered_ >= kMaxUnanswered) {
    unanswered_.erase(unanswered_.begin(), unanswered_.begin() + static_cast<std::ptrdiff_t>(answered_));
    answered_ = 0;
  }
  if (closed()) return;

  if (outcome) {
    send(to_frame(*outcome));
    Metrics& metrics = host_.metrics();
    (outcome->repeated ? metrics.messages_duplicate : metrics.messages_accepted).add();
    metrics.ack_seconds.observe(static_cast<double>(host_.monotonic_us() - request.arrived_us) / 1e6);
  } else {
    host_.metrics().messages_refused.add();
    send_error(outcome.error(), to_string(key));
    if (outcome.error().code == ServiceCode::internal) raise_barrier();
  }
  if (draining_) return finish_drain();
  lower_barrier_if_seen();
  if (unanswered() <= kMaxUnanswered / 2 && unanswered_bytes_ <= kMaxUnansweredBytes / 2) resume(kUnstored);
}

void Session::on_token(const ServiceResult<Bearer>& bearer) {
  if (!bearer) {
    // A store that cannot be read says nothing about the token.
    if (bearer.error().code != ServiceCode::internal) close(close_code::kTokenInvalid, bearer.error().detail);
    return;
  }
  if (bearer->caller != caller_) return close(close_code::kTokenInvalid, "a token of another device");
  token_ends_ = host_.now() + bearer->lasts + kRenewalGrace;
  wake_at(token_ends_);
}

void Session::on_refused(const ServiceError& error) {
  if (!closed() && !draining_) send_error(error);
}

void Session::on_confirmed(std::uint32_t number) {
  if (closed()) return;
  v1::ServerFrame frame;
  frame.mutable_confirmed()->set_number(number);
  send(frame);
}

void Session::raise_barrier() {
  barrier_up_ = true;
  if (barrier_) barrier_->store(true, std::memory_order_release);
  if (barrier_ping_out_) {
    error_behind_ping_ = true;
    return;
  }
  barrier_ping_out_ = true;
  error_behind_ping_ = false;
  sink_.ping(barrier_payload(++barrier_serial_));
}

void Session::lower_barrier_if_seen() {
  if (!barrier_up_ || barrier_ping_out_) return;
  if (error_behind_ping_) return raise_barrier();
  if (unanswered() > 0) return;  // they meet the barrier in the writer, and their refusals raise it again
  barrier_up_ = false;
  barrier_->store(false, std::memory_order_release);
}

// ---------------------------------------------------------------- time

void Session::on_wake() {
  if (closed()) return;
  const Timestamp now = host_.now();
  if (now >= token_ends_) return close(close_code::kTokenInvalid, "the access token has expired");
  if (now >= rate_over_) {
    rate_over_ = Timestamp::max();
    const Milliseconds wait = rate_->take_frame(now, unpaid_bytes_);
    if (wait > Milliseconds(0)) {
      rate_over_ = now + wait;  // another connection of the device has used it, or the clock stepped back
    } else {
      resume(kRate);
    }
  }
  if (now >= retry_at_) {
    retry_at_ = Timestamp::max();
    if (!unchecked_token_.empty() && host_.check_token(*this, unchecked_token_)) unchecked_token_ = {};
    if (!unchecked_token_.empty()) retry_at_ = now + kBusyRetry;
    submit_held();
    if ((pauses_ & kReceipts) != 0) {
      if (host_.receipts_have_room()) {
        resume(kReceipts);
      } else {
        retry_at_ = now + kBusyRetry;
      }
    }
    if (state_ == State::catching_up && !page_under_way_ && !waiting_for_room_ && !draining_) request_page();
  }
  if (now >= next_heartbeat_) {
    host_.heartbeat(*this);
    next_heartbeat_ = now + host_.settings().heartbeat;
  }
  if (now >= next_ping_) {
    sink_.ping({});
    next_ping_ = now + host_.settings().ping_interval;
  }
  check_silence(now);
  if (closed()) return;
  wake_at(std::min({next_ping_, next_heartbeat_, rate_over_, retry_at_, token_ends_,
                    last_heard_ + host_.settings().silence_limit}));
}

void Session::check_silence(Timestamp now) {
  // Not reading for reasons of our own, we cannot hear it either.
  if ((pauses_ & ~kUnread) != 0) {
    last_heard_ = now;
    return;
  }
  const Milliseconds late = now - last_heard_ - host_.settings().silence_limit;
  if (late < Milliseconds(0)) return;
  if (late > kLateTimer) {
    // The process was stopped: what the client said meanwhile waits behind this timer.
    last_heard_ = now - host_.settings().silence_limit + kCatchBreath;
    return;
  }
  host_.metrics().sessions_silent.add();
  close(close_code::kGoingAway, "nothing heard for too long");
}

void Session::wake_at(Timestamp at) {
  if (at != Timestamp::max()) host_.wake_at(*this, at);
}

// ---------------------------------------------------------------- small things

void Session::send(const v1::ServerFrame& frame) {
  host_.metrics().frames_sent.add();
  sink_.send(make_frame(format_, frame));
}

void Session::send_error(const ServiceError& error, std::string_view key) {
  host_.metrics().errors.add(frame_word(error.code));
  v1::ServerFrame frame = to_frame(error);
  if (!key.empty()) frame.mutable_error()->set_idempotency_key(std::string(key));
  send(frame);
}

void Session::resume(Pause reason) {
  if ((pauses_ & reason) == 0) return;
  pauses_ = static_cast<std::uint8_t>(pauses_ & ~reason);
  if (pauses_ != 0 || closed()) return;
  last_heard_ = host_.now();
  sink_.resume_reading();
}

void Session::close(std::uint16_t code, std::string_view reason) {
  if (closed()) return;
  state_ = State::closed;
  sink_.close(code, reason);
  host_.left(*this);
}

void Session::drain(Milliseconds reconnect_after) {
  if (closed() || draining_) return;
  v1::ServerFrame frame;
  frame.mutable_going_away()->set_reconnect_after_ms(static_cast<std::uint32_t>(reconnect_after.count()));
  send(frame);
  draining_ = true;
  pause(kDraining);
  finish_drain();
}

void Session::finish_drain() {
  // Held: not handed to the writer, so nobody will answer it; the client sends it again elsewhere.
  const std::size_t waiting = unanswered() - (held_ ? 1 : 0);
  if (waiting == 0) close(close_code::kRestarting, "server restarting");
}

}  // namespace sotto::server
