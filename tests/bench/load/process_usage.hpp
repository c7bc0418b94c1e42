// What a process has used so far, from /proc (Linux).
#pragma once

#include <cstdint>

namespace sotto::bench {

struct ProcessUsage {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t written_bytes = 0;  ///< to the storage layer
};

/// All zero for pid 0 or a process that is not there.
ProcessUsage usage_of(int pid);

}  // namespace sotto::bench
