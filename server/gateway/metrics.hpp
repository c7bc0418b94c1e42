// What the server counts about itself. Writers only increment atomics; `collect` copies everything out for
// whoever renders it (`/metrics`).
//
//   metrics.messages_accepted.add();
//   for (const MetricSample& sample : metrics.collect()) render(sample);
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace sotto::server {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Durations in seconds, in fixed buckets.
class Histogram {
 public:
  /// From well under an fsync to longer than anyone waits.
  static constexpr std::array<double, 12> kBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                  0.05,   0.1,   0.25,   0.5,   1.0,  5.0};

  void observe(double seconds);

  struct Snapshot {
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};  ///< not cumulative; the last is +Inf
    std::uint64_t count = 0;
    double sum = 0;
  };
  [[nodiscard]] Snapshot snapshot() const;

 private:
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<std::uint64_t> sum_us_{0};
};

struct MetricSample {
  enum class Kind : std::uint8_t { counter, gauge, histogram };
  std::string name;
  std::string help;
  Kind kind = Kind::counter;
  /// At most one label; empty for none. Samples of one name follow each other.
  std::string label;
  std::string label_value;
  double value = 0;
  Histogram::Snapshot histogram;
};

struct Metrics {
  // Connections.
  Counter connections_accepted;
  Counter connections_refused;  ///< over a cap
  Counter accept_errors;        ///< out of file descriptors and the like
  Gauge connections_open;
  Gauge sessions_open;  ///< WebSocket connections
  Counter sessions_superseded;
  Counter sessions_slow;    ///< fell back to reading from the store
  Counter sessions_silent;  ///< closed for having said nothing

  // HTTP.
  Counter http_requests;
  Counter http_rejected;                  ///< malformed, too large or too slow
  std::array<Counter, 6> http_responses;  ///< by hundreds of the status: [2] is 2xx
  Histogram http_seconds;

  // Frames.
  Counter frames_received;
  Counter frames_sent;
  Counter bytes_received;
  Counter bytes_sent;
  Counter frames_bad;
  Counter frames_limited;  ///< reading was paused for the rate limit
  Counter frames_dropped;  ///< typing and presence that a slow client did not get
  Gauge queued_bytes;      ///< waiting in outgoing queues

  // Messages.
  Counter messages_accepted;
  Counter messages_refused;
  Counter messages_pushed;  ///< live, to connected devices
  Counter catch_up_pages;
  Histogram ack_seconds;  ///< from a message frame's arrival to its ack being queued

  [[nodiscard]] std::vector<MetricSample> collect() const;
};

}  // namespace sotto::server
