// Durations in buckets that grow with their value: 3 % wide from a microsecond to minutes, in 7 KB. Recording
// is an increment.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace sotto::bench {

class Histogram {
 public:
  using Duration = std::chrono::nanoseconds;

  void record(Duration d) {
    const auto us = static_cast<std::uint64_t>(d.count() < 0 ? 0 : d.count() / 1000);
    ++buckets_[index(us)];
    ++count_;
    if (us > max_) max_ = us;
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double max_ms() const { return static_cast<double>(max_) / 1000; }

  /// The value below which the share `q` (0 to 1) of all lies, in milliseconds; the upper edge of its bucket.
  [[nodiscard]] double quantile_ms(double q) const {
    const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted) return static_cast<double>(upper_edge(i)) / 1000;
    }
    return max_ms();
  }

  void clear() { *this = Histogram{}; }

 private:
  static constexpr unsigned kSubBits = 5;  // 32 buckets for each power of two: 3 %
  static constexpr std::size_t kBuckets = (32 - kSubBits + 1) << kSubBits;

  static std::size_t index(std::uint64_t us) {
    if (us < (1u << kSubBits)) return us;
    const auto exponent = static_cast<unsigned>(std::bit_width(us)) - 1 - kSubBits;
    const auto i =
        (static_cast<std::size_t>(exponent + 1) << kSubBits) + ((us >> exponent) & ((1u << kSubBits) - 1));
    return i < kBuckets ? i : kBuckets - 1;
  }
  static std::uint64_t upper_edge(std::size_t i) {
    if (i < (1u << kSubBits)) return i + 1;
    const auto exponent = (i >> kSubBits) - 1;
    const auto mantissa = (i & ((1u << kSubBits) - 1)) + (1u << kSubBits);
    return (mantissa + 1) << exponent;
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace sotto::bench
