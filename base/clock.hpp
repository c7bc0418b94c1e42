// Time as in the protocol: whole milliseconds since 1970 (UTC). Only drivers read clocks; they pass `now` to
// the cores.
#pragma once

#include <chrono>
#include <cstdint>

namespace sotto {

using Milliseconds = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<Milliseconds>;

inline Timestamp from_unix_ms(std::int64_t ms) {
  return Timestamp{Milliseconds{ms}};
}
inline std::int64_t to_unix_ms(Timestamp t) {
  return t.time_since_epoch().count();
}

/// The wall clock. Drivers only.
inline Timestamp wall_clock_now() {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

}  // namespace sotto
