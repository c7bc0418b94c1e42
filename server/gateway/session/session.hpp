// One device's connection as a state machine: frames in, frames out, nothing else. No socket, thread or
// clock.
//
//     AwaitingSync --sync--> CatchingUp --stream read to its end--> Live
//                                ^                                    |
//                                +------- too much is queued ---------+
//
// The stream of a person (messages, receipts, changes, in ascending order of ids) comes from two places:
// pages read from the store, and events told live after each commit. A device gets it complete, in order and
// once:
//  - until the first `sync` nothing of it is sent;
//  - while catching up, live events are not queued, only the highest id is noted. A page that ends the
//    stream as of snapshot S, with nothing noted beyond S, has said everything there is: the session is
//    live. Otherwise it reads on;
//  - live, an event at or below the place already sent is dropped (it was in a page);
//  - where the client reads too slowly, live events stop being queued and the session catches up again from
//    the last place sent, when there is room. Memory is bounded and nothing is lost.
//
// A message that could not be stored is answered `internal`, and so is every later message of the connection
// until the client has provably read that error: the answer to a ping sent behind it. So a retried message is
// never overtaken by one that the client had sent before it knew.
//
// Thread rules: one thread, its host's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/gateway/session/session_host.hpp"
#include "server/model/service_error.hpp"
#include "server/services/accounts/auth_service.hpp"

namespace sotto::server {

class Session {
 public:
  /// `sink` and `host` outlive it.
  Session(SessionRef ref, Caller caller, WireFormat format, SessionSink& sink, SessionHost& host);

  [[nodiscard]] SessionRef ref() const { return ref_; }
  [[nodiscard]] Caller caller() const { return caller_; }
  [[nodiscard]] WireFormat format() const { return format_; }
  [[nodiscard]] bool closed() const { return state_ == State::closed; }

  // ---- from the connection
  /// Says hello. The token is looked at once more, now that a revocation would reach the session: one that
  /// came between the first look and its registration would otherwise never be noticed.
  void start(std::string token);
  /// False: no frame may come until SessionSink::resume_reading.
  [[nodiscard]] bool may_read() const { return pauses_ == 0 && !closed(); }
  /// The same, after this frame.
  [[nodiscard]] bool on_frame(std::string_view bytes, bool is_text);
  void on_pong(std::string_view payload);
  /// Any other sign of life: a ping.
  void on_heard();
  /// The kernel has taken some of what was queued.
  void on_written();

  // ---- from the host
  void on_wake();
  void on_answered(const Uuid& key, const ServiceResult<Ack>& outcome);
  void on_page(CatchUpPage page);
  /// Whose token it was that the host looked at: the one the connection was opened with, or a newer one.
  void on_token(const ServiceResult<Bearer>& bearer);
  void on_refused(const ServiceError& error);
  void on_confirmed(std::uint32_t number);
  /// The newest element of the stream, `id` being its place in it.
  void on_live(Place id, FrameSource& frame);
  /// Typing and presence: of value now or never.
  void tell(FrameSource& frame);
  void close(std::uint16_t code, std::string_view reason);
  /// Says going_away, answers what it has taken, closes.
  void drain(Milliseconds reconnect_after);

 private:
  /// How long to wait when the storage's queue or the receipts are full: roughly one batch.
  static constexpr Milliseconds kBusyRetry{5};
  /// A timer that comes so late says that the process did not run, and not that the client was silent.
  static constexpr Milliseconds kLateTimer = std::chrono::seconds(1);
  /// Then there is so much time to read what has arrived.
  static constexpr Milliseconds kCatchBreath = std::chrono::seconds(5);
  /// A new token may be on its way while the old one expires.
  static constexpr Milliseconds kRenewalGrace = std::chrono::seconds(60);

  enum class State : std::uint8_t { awaiting_sync, catching_up, live, closed };
  /// Why reading is paused; several may hold at once.
  enum Pause : std::uint8_t {
    kRate = 1,       // sending too fast
    kUnstored = 2,   // too many messages wait for their commit
    kBusy = 4,       // the storage's queue is full; a message is held
    kUnread = 8,     // the client does not read its answers
    kReceipts = 16,  // receipts cannot be written
    kDraining = 32,
  };
  struct Unanswered {
    std::int64_t arrived_us;
    std::size_t bytes;
  };

  void handle(v1::ClientFrame&& frame);
  void handle_message(v1::OutgoingMessage&& frame);
  void handle_delivered(const v1::Delivered& frame);
  void handle_read(const v1::ReadUpTo& frame);
  void look_at_token(std::string token);
  void handle_presence(const v1::PresenceSubscribe& frame);
  void submit_held();
  void refuse_bad(const FrameError& error);
  /// False: over the limit of frames that are answered instead of delayed.
  bool pay_for_ephemeral();
  /// For the frame to come, and for the bytes of the one that has come.
  void pay_for_next(std::size_t bytes);
  static bool is_ephemeral(const v1::ClientFrame& frame) {
    return frame.has_typing() || frame.has_presence_subscribe();
  }

  void start_catch_up(Place after);
  void request_page();
  void go_on_catching_up();

  void raise_barrier();
  void lower_barrier_if_seen();

  void send(const v1::ServerFrame& frame);
  void send_error(const ServiceError& error, std::string_view key = {});
  void pause(Pause reason) { pauses_ = static_cast<std::uint8_t>(pauses_ | reason); }
  void resume(Pause reason);
  void wake_at(Timestamp at);
  void check_silence(Timestamp now);
  void finish_drain();
  static ServiceError server_is_busy() { return refuse_rate("the server is busy", kBusyRetry); }
  [[nodiscard]] std::size_t unanswered() const { return unanswered_.size() - answered_; }
  [[nodiscard]] std::size_t low_water() const { return host_.settings().max_queued_bytes / 2; }
  [[nodiscard]] bool has_room() const { return sink_.queued_bytes() <= low_water(); }

  SessionRef ref_;
  Caller caller_;
  SessionSink& sink_;
  SessionHost& host_;
  WireFormat format_;
  State state_ = State::awaiting_sync;
  std::uint8_t pauses_ = 0;

  // The stream.
  bool owes_synced_ = false;
  bool page_under_way_ = false;
  bool restart_ = false;           // a `sync` came while a page was under way: that page is not wanted
  bool waiting_for_room_ = false;  // to read the next page
  bool told_unreadable_ = false;   // that pages cannot be read at the moment
  Place cursor_;                   // everything up to here has been queued
  Place noted_;                    // the highest live id that was not queued
  Place receipts_after_;           // in this catch-up; see start_catch_up

  // Messages on their way through the writer; answers come in their order.
  std::vector<Unanswered> unanswered_;
  std::size_t answered_ = 0;  // of those at the front
  std::size_t unanswered_bytes_ = 0;
  std::unique_ptr<NewMessage> held_;  // with kBusy
  std::shared_ptr<SendBarrier> barrier_;
  bool barrier_up_ = false;
  bool barrier_ping_out_ = false;
  bool error_behind_ping_ = false;  // an error was sent after the ping: its answer proves nothing about it
  bool draining_ = false;
  std::uint32_t barrier_serial_ = 0;

  std::string unchecked_token_;         // the storage was too busy to look at it
  std::vector<UserId> deferred_watch_;  // until the first sync

  std::shared_ptr<DeviceRate> rate_;  // null: no limit
  std::size_t unpaid_bytes_ = 0;      // with kRate
  std::uint32_t bad_in_a_row_ = 0;
  std::uint32_t refused_in_a_row_ = 0;

  Timestamp last_heard_;
  Timestamp next_ping_;
  Timestamp next_heartbeat_;
  Timestamp rate_over_ = Timestamp::max();
  Timestamp retry_at_ = Timestamp::max();
  Timestamp token_ends_ = Timestamp::max();
};

}  // namespace sotto::server
