// The time by which messages expire. A wall clock may be wrong by a day and right a moment later, and a
// message that has expired is not sent any more: so no single reading decides.
//
//   entry.expires_at = clock.later(now) + lifetime;
//   if (clock.earlier(now) >= entry.expires_at) expire(entry);
//
// There are two clocks: the wall clock, and one that the steady clock carries on from what the server said
// last, or, until it has said something, from the wall clock when the run began or the newest thing it told
// before. A message is dated by the later of the two and expires by the earlier, so both have to say that its
// time is up.
#pragma once

#include <algorithm>
#include <optional>

#include "sdk/engine/effects.hpp"

namespace sotto::engine {

class ExpiryClock {
 public:
  /// The run begins. `told`: of the newest thing that the server has told, which is not from the future. No
  /// effect later.
  void start(Now now, Timestamp told) {
    if (!base_) base_ = std::max(now.wall, told) - now.steady;
  }
  /// What the server's clock says. Returns how far the carried clock was behind it.
  Milliseconds hear(Timestamp server, Now now) {
    const Milliseconds behind = server - carried(now);
    base_ = server - now.steady;
    confirmed_ = true;
    return behind;
  }
  /// The server has said what time it is since the run began.
  [[nodiscard]] bool confirmed() const { return confirmed_; }
  [[nodiscard]] Timestamp later(Now now) const { return std::max(now.wall, carried(now)); }
  [[nodiscard]] Timestamp earlier(Now now) const { return std::min(now.wall, carried(now)); }

 private:
  [[nodiscard]] Timestamp carried(Now now) const {
    return base_.value_or(now.wall - now.steady) + now.steady;
  }

  std::optional<Timestamp> base_;  ///< the carried clock when the steady one was 0
  bool confirmed_ = false;
};

}  // namespace sotto::engine
