// What the operating system knows about this process, under the names Prometheus gives such metrics.
#pragma once

#include <cstdint>

namespace sotto::server {

struct ProcessFigures {
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double cpu_seconds = 0;
  double start_time_seconds = 0;  ///< since 1970
  double open_fds = 0;
  double max_fds = 0;
  double threads = 0;
};

/// From /proc/self; a figure that cannot be read stays 0.
ProcessFigures read_process_figures();

}  // namespace sotto::server
