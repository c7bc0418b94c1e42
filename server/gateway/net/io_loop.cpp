#include "server/gateway/net/io_loop.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

namespace sotto::server {

namespace {
/// Below this many connections a turn's sends are made one by one: what io_uring saves, it saves in large
/// groups (docs/performance.md), and everybody else goes the way that every kernel has.
constexpr std::size_t kWorthARing = 8;
}  // namespace

IoLoop::IoLoop(bool io_uring)
    : work_(context_.get_executor()),
      wake_timer_(context_),
      deadline_timer_(context_),
      started_at_(wall_clock_now()),
      started_(std::chrono::steady_clock::now()),
      send_many_(io_uring) {}

IoLoop::~IoLoop() {
  stop();
}

void IoLoop::start() {
  thread_ = std::thread([this] { context_.run(); });
}

void IoLoop::stop() {
  if (thread_.joinable()) {
    net::post(context_, [this] {
      std::vector<std::shared_ptr<Connection>> all;
      for (auto& [key, entry] : connections_)
        all.push_back(entry.connection);
      for (auto& connection : all)
        connection->abort();
      work_.reset();
      wake_timer_.cancel();
      deadline_timer_.cancel();
      // What was aborted completes first, so that no handler keeps its connection alive.
      net::post(context_, [this] { context_.stop(); });
    });
    thread_.join();
    // Handlers that were still waiting own their connections, and these their loop: run out, they let go.
    context_.restart();
    while (context_.poll() > 0) {
    }
  }
}

// ---------------------------------------------------------------- ShardDriver

void IoLoop::post(std::function<void()> work) {
  net::post(context_, std::move(work));
}

void IoLoop::wake_at(Timestamp at) {
  wake_timer_.expires_after(std::max(at - now(), Milliseconds(0)));
  wake_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) shard_->on_wake();
  });
}

Timestamp IoLoop::now() const {
  return started_at_ + std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - started_);
}

std::int64_t IoLoop::monotonic_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started_)
      .count();
}

// ---------------------------------------------------------------- connections

void IoLoop::add(std::shared_ptr<Connection> connection) {
  Connection* key = connection.get();
  connections_[key].connection = std::move(connection);
  open_.store(connections_.size(), std::memory_order_relaxed);
}

void IoLoop::remove(Connection& connection) {
  set_deadline(connection, Timestamp::max());
  connections_.erase(&connection);
  open_.store(connections_.size(), std::memory_order_relaxed);
}

void IoLoop::set_deadline(Connection& connection, Timestamp at) {
  const auto found = connections_.find(&connection);
  if (found == connections_.end() || found->second.deadline == at) return;
  if (found->second.deadline != Timestamp::max()) deadlines_.erase({found->second.deadline, &connection});
  found->second.deadline = at;
  if (at == Timestamp::max()) return;
  deadlines_.insert({at, &connection});
  arm_deadlines();
}

void IoLoop::arm_deadlines() {
  if (deadlines_.empty()) return;
  const Timestamp next = deadlines_.begin()->first;
  if (next >= deadline_armed_) return;  // an early look costs little, and re-arms
  deadline_armed_ = next;
  deadline_timer_.expires_after(std::max(next - now(), Milliseconds(0)));
  deadline_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) expire();
  });
}

void IoLoop::expire() {
  deadline_armed_ = Timestamp::max();
  const Timestamp at = now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= at) {
    const auto found = connections_.find(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
    found->second.deadline = Timestamp::max();
    const std::shared_ptr<Connection> connection = found->second.connection;
    connection->on_deadline();
  }
  arm_deadlines();
}

void IoLoop::flush_soon(std::shared_ptr<Connection> connection) {
  to_flush_.push_back(std::move(connection));
  if (to_flush_.size() > 1) return;
  net::post(context_, [this] { flush_all(); });
}

void IoLoop::flush_all() {
  flushing_.swap(to_flush_);
  sends_.clear();
  if (flushing_.size() >= kWorthARing) {
    for (const auto& waiting : flushing_)
      sends_.push_back(waiting->single_send());
  }
  const bool together = !sends_.empty() && send_many_.run(sends_);
  for (std::size_t i = 0; i < flushing_.size(); ++i) {
    if (together && sends_[i].socket >= 0) {
      flushing_[i]->sent(sends_[i].result);
    } else {
      flushing_[i]->flush();
    }
  }
  flushing_.clear();
}

void IoLoop::drain_connections() {
  std::vector<std::shared_ptr<Connection>> all;
  for (auto& [key, entry] : connections_)
    all.push_back(entry.connection);
  for (auto& connection : all)
    connection->drain();
}

}  // namespace sotto::server
