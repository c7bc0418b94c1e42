// One io thread: an io_context, the shard of sessions that lives on it, and its connections.
//
// Thread rules: `post`, `start`, `stop` and `open_connections` from any thread; the rest on the loop's own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "server/gateway/net/connection.hpp"
#include "server/gateway/session/shard.hpp"

namespace sotto::server {

namespace net = boost::asio;

class IoLoop final : public ShardDriver, public std::enable_shared_from_this<IoLoop> {
 public:
  /// `io_uring`: whether sends may go through it (send_many.hpp).
  explicit IoLoop(bool io_uring);
  ~IoLoop() override;

  /// Before `start`.
  void set_shard(std::unique_ptr<Shard> shard) { shard_ = std::move(shard); }
  void start();
  /// Ends the thread and closes every connection.
  void stop();

  [[nodiscard]] net::io_context& context() { return context_; }
  [[nodiscard]] Shard& shard() { return *shard_; }
  [[nodiscard]] std::size_t open_connections() const { return open_.load(std::memory_order_relaxed); }

  // ---- ShardDriver
  void post(std::function<void()> work) override;
  void wake_at(Timestamp at) override;
  [[nodiscard]] Timestamp now() const override;
  [[nodiscard]] std::int64_t monotonic_us() const override;

  // ---- its connections
  void add(std::shared_ptr<Connection> connection);
  void remove(Connection& connection);
  /// Connection::on_deadline is due then; replaces the earlier one. max(): never.
  void set_deadline(Connection& connection, Timestamp at);
  /// Connection::flush is due once this turn of the loop is over: what is queued until then goes out
  /// together.
  void flush_soon(std::shared_ptr<Connection> connection);
  void drain_connections();

 private:
  void arm_deadlines();
  void expire();
  void flush_all();

  net::io_context context_{1};  // one thread runs it
  net::executor_work_guard<net::io_context::executor_type> work_;
  net::basic_waitable_timer<std::chrono::steady_clock, net::wait_traits<std::chrono::steady_clock>,
                            net::io_context::executor_type>
      wake_timer_;
  net::basic_waitable_timer<std::chrono::steady_clock, net::wait_traits<std::chrono::steady_clock>,
                            net::io_context::executor_type>
      deadline_timer_;
  std::thread thread_;
  std::unique_ptr<Shard> shard_;

  // Wall-clock time as of the start plus steady time since: a clock that is set does not end all connections.
  Timestamp started_at_;
  std::chrono::steady_clock::time_point started_;

  struct Entry {
    std::shared_ptr<Connection> connection;
    Timestamp deadline = Timestamp::max();
  };
  std::unordered_map<Connection*, Entry> connections_;
  std::set<std::pair<Timestamp, Connection*>> deadlines_;
  Timestamp deadline_armed_ = Timestamp::max();
  std::vector<std::shared_ptr<Connection>> to_flush_;
  std::vector<std::shared_ptr<Connection>> flushing_;
  SendMany send_many_;
  std::vector<SendMany::Send> sends_;  // of flushing_, in its order
  std::atomic<std::size_t> open_{0};
};

}  // namespace sotto::server
