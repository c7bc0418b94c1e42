#include "server/metrics/instruments.hpp"

#include <algorithm>

namespace sotto::server {

std::size_t Counter::stripe_of_this_thread() noexcept {
  static std::atomic<std::size_t> next_thread{0};
  thread_local const std::size_t stripe = next_thread.fetch_add(1, std::memory_order_relaxed) % kStripes;
  return stripe;
}

std::uint64_t Counter::value() const noexcept {
  std::uint64_t total = 0;
  for (const Stripe& stripe : stripes_)
    total += stripe.value.load(std::memory_order_relaxed);
  return total;
}

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

void Histogram::observe(double value) noexcept {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  counts_[static_cast<std::size_t>(bucket - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count(std::size_t i) const noexcept {
  return counts_[i].load(std::memory_order_relaxed);
}

LabelledCounter::LabelledCounter(std::span<const std::string_view> labels)
    : labels_(labels.begin(), labels.end()), counters_(std::make_unique<Counter[]>(labels.size() + 1)) {
  labels_.emplace_back("other");
}

void LabelledCounter::add(std::string_view label, std::uint64_t n) noexcept {
  std::size_t i = 0;
  while (i + 1 < labels_.size() && labels_[i] != label)
    ++i;
  counters_[i].add(n);
}

}  // namespace sotto::server
