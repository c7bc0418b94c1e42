// How long to wait before the next attempt: at once with a little jitter, then full jitter on a doubling time
// ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
#pragma once

#include <algorithm>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace sotto::engine {

/// Uniform in [0, most].
inline Milliseconds jitter(Random& random, Milliseconds most) {
  return Milliseconds(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

/// `doublings` = 0: up to `base`; each further doubles, up to `cap`.
inline Milliseconds full_jitter(Random& random, Milliseconds base, Milliseconds cap, int doublings) {
  Milliseconds most = base;
  for (int i = 0; i < doublings && most < cap; ++i)
    most *= 2;
  return jitter(random, std::min(most, cap));
}

}  // namespace sotto::engine
