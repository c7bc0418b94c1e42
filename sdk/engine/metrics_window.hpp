// Percentiles over the last few samples.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/clock.hpp"
#include "sdk/engine/bounds.hpp"

namespace sotto::engine {

class SampleWindow {
 public:
  void add(Milliseconds sample) {
    if (samples_.size() < kSendSamples)
      samples_.push_back(sample);
    else
      samples_[next_] = sample;
    next_ = (next_ + 1) % kSendSamples;
  }

  /// 0 while there is none.
  [[nodiscard]] Milliseconds percentile(int percent) const {
    if (samples_.empty()) return Milliseconds{0};
    std::vector<Milliseconds> sorted = samples_;
    const std::size_t at = (sorted.size() - 1) * static_cast<std::size_t>(percent) / 100;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(at), sorted.end());
    return sorted[at];
  }

 private:
  std::vector<Milliseconds> samples_;
  std::size_t next_ = 0;
};

}  // namespace sotto::engine
