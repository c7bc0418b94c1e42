// After everything has healed and come to rest: does what every app was told, what every device holds and
// what the server holds agree with the promises (docs/guarantees.md)? The server's side is read from its
// tables by SQL of the checker's own, not through the code under test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/ledger.hpp"
#include "tests/simulation/sim_device.hpp"
#include "tests/simulation/sim_server.hpp"

namespace sotto::sim {

/// What is wrong, a line each; empty: every promise was kept.
std::vector<std::string> check(SimServer& server, const std::vector<std::unique_ptr<SimDevice>>& devices,
                               const Ledger& ledger);

}  // namespace sotto::sim
