// Days with a name: each plays what once broke a promise, again and again from morning to evening, so that it
// also meets when the rest of the simulator has changed and a seed plays another day.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/schedule.hpp"

namespace sotto::sim {

struct Day {
  std::string name;
  Plan plan;
};

std::vector<Day> days();

}  // namespace sotto::sim
