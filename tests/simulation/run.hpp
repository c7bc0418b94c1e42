// One simulated run, from the seed to the verdict.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/schedule.hpp"

namespace sotto::sim {

struct Verdict {
  std::vector<std::string> problems;  ///< empty: every promise was kept
  std::vector<std::string> story;     ///< with `trace`
  std::uint64_t events = 0;
  std::uint64_t messages = 0;  ///< that the server has in the end
};

Verdict run(const Plan& plan, bool trace);

/// A plan that still fails, with as few actions as can be found by leaving some out (delta debugging).
Plan shrink(const Plan& plan);

}  // namespace sotto::sim
