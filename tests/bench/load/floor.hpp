// The least a server could do: a relay of length-prefixed messages that stores each in SQLite (WAL,
// synchronous=FULL, one commit for all that waits) before it passes it on. What Sotto costs above this is
// what Sotto is.
#pragma once

#include "tests/bench/load/scenario.hpp"

namespace sotto::bench {

/// `pairs` only: starts the relay as a child process, drives it, ends it.
Outcome run_floor(const Options& options);

}  // namespace sotto::bench
