// Performs the engine's effects: connections, requests, its one timer, and the differences of views. It
// decides nothing; what comes of an effect goes back to the engine as an input.
//
// The loop's thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "sdk/client/view_state.hpp"
#include "sdk/engine/engine.hpp"
#include "sdk/net/loop.hpp"
#include "sdk/net/transport.hpp"

namespace sotto::client {

/// The world of one client; tests make one without sockets.
struct Surroundings {
  std::function<engine::Now()> now;
  net::Loop& loop;
  net::Transport& transport;
};

class Driver {
 public:
  using Input = std::function<void(engine::Now)>;

  /// `server_url` as in ClientOptions, already checked. `feed` runs an input and then performs what comes of
  /// it.
  Driver(engine::Engine& engine, Surroundings world, const std::string& server_url,
         std::function<void(const Input&)> feed);
  /// Drops connections and requests.
  ~Driver();

  void perform(engine::Effect effect);
  /// Wakes the engine when it wants to be.
  void set_timer(std::optional<Milliseconds> deadline);

  void show(engine::ViewNumber view, std::weak_ptr<TimelineState> state) {
    timelines_[view] = std::move(state);
  }
  void show(engine::ViewNumber view, std::weak_ptr<ConversationListState> state) {
    lists_[view] = std::move(state);
  }
  void hide(engine::ViewNumber view);
  /// True once since the last call if a view got differences.
  bool take_views_changed() { return std::exchange(views_changed_, false); }

  /// Calls `done` when the connections that are being closed have said good-bye, or after a short while.
  void farewell(std::function<void()> done);

 private:
  using Sockets = std::map<engine::ConnectionNumber, std::unique_ptr<net::WebSocket>>;

  void perform(engine::OpenConnection& effect);
  void perform(engine::SendFrame& effect);
  void perform(engine::SendPing& effect);
  void perform(engine::CloseConnection& effect);
  void perform(engine::SendRequest& effect);
  void perform(engine::CancelRequest& effect);
  void perform(engine::TimelineChanged& effect);
  void perform(engine::ConversationListChanged& effect);
  void on_closed(engine::ConnectionNumber connection, const net::Closed& why);
  void on_answer(engine::RequestNumber request, Result<net::HttpResponse> answer);

  engine::Engine& engine_;
  Surroundings world_;
  std::string http_base_;  // "https://host:port/prefix", no slash at the end
  std::string socket_url_;
  std::function<void(const Input&)> feed_;

  Sockets sockets_;
  Sockets closing_;  // the engine is done with these
  std::map<engine::RequestNumber, std::unique_ptr<net::PendingRequest>> requests_;
  std::map<engine::ViewNumber, std::weak_ptr<TimelineState>> timelines_;
  std::map<engine::ViewNumber, std::weak_ptr<ConversationListState>> lists_;
  bool views_changed_ = false;

  std::optional<Milliseconds> deadline_;
  std::unique_ptr<net::Timer> timer_;
  std::function<void()> farewell_done_;
  std::unique_ptr<net::Timer> farewell_limit_;
};

/// "https://host[:port][/prefix]" in the one form that all ways to write it have; `invalid_argument` says what
/// is wrong.
Result<std::string> server_address(const std::string& url);

}  // namespace sotto::client
