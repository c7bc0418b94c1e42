// The connection: when to make one, whether it lives, when to try again.
//
//   offline --connect--> connecting --connected, hello--> catching_up --synced--> online
//                  ^                                            |
//                  +---- waiting (backoff) <---- closed --------+
//
// signed_out: the tokens are gone. superseded: another connection of this device took over (4002); only
// `connect` takes it back. All times are in timing.hpp.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "sdk/engine/core.hpp"
#include "sdk/engine/session/requests.hpp"

namespace sotto::lite {
class GoingAway;
class Hello;
class Limits;
}  // namespace sotto::lite

namespace sotto::engine {

/// The server's stream, as `hello` names it (protocol.md, "When a server is restored").
struct StreamName {
  std::uint64_t id = 0;    ///< 0: it has no name
  std::uint64_t from = 0;  ///< up to here it is the same as the one before it
};

class Session final : public Part {
 public:
  Session(Core& core, Requests& requests) : core_(core), requests_(requests) {}

  /// Told of hello and of the end of a connection, in this order.
  void add_listener(Part& part) { listeners_.push_back(&part); }
  /// Told what the server's clock says, right before the listeners are told of hello.
  void on_server_time(std::function<void(Timestamp)> told) { told_time_ = std::move(told); }

  // ---- what the app wants
  void want(bool online);
  [[nodiscard]] bool wanted() const { return wanted_; }
  void network_changed();
  void signed_out(const Error& cause);

  // ---- what the driver tells
  /// Whether this is the connection that counts; inputs of any other are stale.
  [[nodiscard]] bool is_current(ConnectionNumber connection) const {
    return connection == connection_ && connection != ConnectionNumber::none;
  }
  void on_connected();
  void on_pong();
  void on_closed(const CloseReason& reason);

  // ---- what the server says
  void on_hello(const lite::Hello& hello);
  void on_synced();
  void on_going_away(const lite::GoingAway& notice);

  /// Ends this connection for a reason of our own and tries again later.
  void break_off(std::uint16_t close_code, const Error& cause);
  /// Ends it without any attempt to follow.
  void drop();
  /// The store has failed: forgets the connection without telling the other parts, which `load` next. Returns
  /// what has to be closed.
  ConnectionNumber abandon();

  [[nodiscard]] ConnectionState state() const { return state_; }
  [[nodiscard]] std::optional<Milliseconds> clock_skew() const { return skew_; }
  /// Of this connection.
  [[nodiscard]] const StreamName& stream_name() const { return stream_name_; }

  void load() override;
  void work() override;
  [[nodiscard]] std::optional<Milliseconds> deadline() const override;

 private:
  void enter(ConnectionState state, std::optional<Error> cause = std::nullopt);
  void learn_limits(const lite::Limits& told);
  void open();
  void open_with_token();
  void forget_connection();
  void wait_and_retry(const Error& cause, std::optional<Milliseconds> at_least = std::nullopt);
  void refresh_and_retry(const Error& cause);
  void send_ping(Milliseconds answer_within);
  void renew();
  void renew_before_the_token_ends();

  Core& core_;
  Requests& requests_;
  std::vector<Part*> listeners_;
  std::function<void(Timestamp)> told_time_;

  bool wanted_ = false;
  ConnectionState state_ = ConnectionState::offline;
  ConnectionNumber connection_{};
  std::uint64_t last_connection_ = 0;
  int failures_ = 0;           ///< attempts in a row that came to nothing
  bool token_is_new_ = false;  ///< refreshed for this very attempt, after a refusal: one more signs out
  std::optional<Milliseconds> going_away_after_;
  std::optional<Milliseconds> skew_;
  StreamName stream_name_;

  // Deadlines, in steady time.
  std::optional<Milliseconds> retry_at_;
  std::optional<Milliseconds> give_up_at_;  ///< connecting, or waiting for hello
  std::optional<Milliseconds> ping_at_;
  std::optional<Milliseconds> pong_by_;
  std::optional<Milliseconds> renew_at_;  ///< the server ends a connection whose access token has expired
  Milliseconds connected_at_{0};
  std::uint64_t pings_sent_ = 0;
  std::uint64_t pings_answered_ = 0;
};

}  // namespace sotto::engine
