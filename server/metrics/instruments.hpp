// The four instruments that a metric is made of. Writing to one is a relaxed atomic addition without a lock,
// so the message path can afford them; reading them (a scrape every few seconds) may be slow.
//
//   Counter messages;                       messages.add();
//   Gauge connections;                      connections.add(1);  connections.add(-1);
//   Histogram ack(kLatencyBounds);          ack.observe(0.0012);        // seconds
//   LabelledCounter errors({"not_found", "blocked"});   errors.add("blocked");
//
// Thread rules: any thread may call anything.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::server {

/// Only ever grows. Striped, so that io threads do not pass one cache line around for every message.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    stripes_[stripe_of_this_thread()].value.fetch_add(n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const noexcept;

 private:
  // As many as the threads that write often on a usual machine: io threads, a writer, readers.
  static constexpr std::size_t kStripes = 8;
  struct alignas(64) Stripe {
    std::atomic<std::uint64_t> value{0};
  };
  static std::size_t stripe_of_this_thread() noexcept;

  std::array<Stripe, kStripes> stripes_;
};

/// Goes up and down.
class Gauge {
 public:
  void add(std::int64_t n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  void set(std::int64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Counts observations by size. `bounds` are the buckets' upper ends, ascending; there is one more for the
/// rest.
class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds);

  void observe(double value) noexcept;
  [[nodiscard]] std::span<const double> bounds() const { return bounds_; }
  /// Observations in bucket i alone (not cumulative); i == bounds().size() is the rest.
  [[nodiscard]] std::uint64_t count(std::size_t i) const noexcept;
  [[nodiscard]] double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

/// A counter for each of a closed set of words. A word that is not in the set counts as "other", so that no
/// input from outside can ever make the set grow.
class LabelledCounter {
 public:
  explicit LabelledCounter(std::span<const std::string_view> labels);

  void add(std::string_view label, std::uint64_t n = 1) noexcept;
  [[nodiscard]] std::size_t size() const { return labels_.size(); }
  [[nodiscard]] std::string_view label(std::size_t i) const { return labels_[i]; }
  [[nodiscard]] std::uint64_t value(std::size_t i) const noexcept { return counters_[i].value(); }

 private:
  std::vector<std::string> labels_;  // the last one is "other"
  std::unique_ptr<Counter[]> counters_;
};

}  // namespace sotto::server
