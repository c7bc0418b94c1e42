#include "tests/simulation/schedule.hpp"

#include <algorithm>
#include <array>

namespace sotto::sim {

namespace {

struct Weighted {
  ActionKind kind;
  unsigned weight;
};

// People mostly talk; each fault is likely to happen once or twice in a run.
constexpr std::array kWeights{
    Weighted{ActionKind::send, 26},
    Weighted{ActionKind::send_direct, 14},
    Weighted{ActionKind::send_to_number, 10},
    Weighted{ActionKind::mark_read, 12},
    Weighted{ActionKind::create_group, 1},
    Weighted{ActionKind::add_member, 3},
    Weighted{ActionKind::remove_member, 3},
    Weighted{ActionKind::leave_group, 1},
    Weighted{ActionKind::rename_group, 1},
    Weighted{ActionKind::set_role, 1},
    Weighted{ActionKind::type, 2},
    Weighted{ActionKind::sign_out, 1},
    Weighted{ActionKind::sign_in_again, 3},
    Weighted{ActionKind::revoke_device, 2},
    Weighted{ActionKind::block, 3},
    Weighted{ActionKind::unblock, 3},
    Weighted{ActionKind::delete_account, 1},
    Weighted{ActionKind::retry_failed, 3},
    Weighted{ActionKind::go_offline, 3},
    Weighted{ActionKind::go_online, 5},
    Weighted{ActionKind::new_device, 1},
    Weighted{ActionKind::send_and_crash, 4},
    Weighted{ActionKind::send_and_break, 4},
    Weighted{ActionKind::device_dies, 3},
    Weighted{ActionKind::clock_steps_back, 2},
    Weighted{ActionKind::break_connection, 8},
    Weighted{ActionKind::half_open, 3},
    Weighted{ActionKind::stall_reader, 2},
    Weighted{ActionKind::crash_device, 4},
    Weighted{ActionKind::crash_server, 4},
    Weighted{ActionKind::kill_server, 1},
    Weighted{ActionKind::server_disk_fails, 2},
    Weighted{ActionKind::server_disk_full, 1},
    Weighted{ActionKind::device_disk_fails, 2},
    Weighted{ActionKind::server_deletes_old, 2},
    Weighted{ActionKind::server_clock, 1},
    Weighted{ActionKind::device_clock, 1},
};

constexpr const char* kNames[] = {"sends",
                                  "sends directly",
                                  "sends to a number",
                                  "reads",
                                  "creates a group",
                                  "adds a member",
                                  "removes a member",
                                  "leaves a group",
                                  "renames a group",
                                  "sets a role",
                                  "types",
                                  "pries",
                                  "signs out",
                                  "signs in again",
                                  "signs a device out",
                                  "blocks",
                                  "unblocks",
                                  "deletes the account",
                                  "retries",
                                  "goes offline",
                                  "goes online",
                                  "gets a new device",
                                  "sends and crashes",
                                  "sends and its connection breaks",
                                  "crashes in a commit",
                                  "talks while the server's clock steps back",
                                  "connection breaks",
                                  "connection goes silent",
                                  "stops reading",
                                  "crashes",
                                  "server crashes in a batch",
                                  "server is killed",
                                  "server's disk fails",
                                  "server's disk is full",
                                  "device's disk fails",
                                  "server deletes what is old",
                                  "server's clock jumps",
                                  "device's clock jumps"};

std::uint32_t amount_of(ActionKind kind, Random& random, const Scale& scale) {
  switch (kind) {
    case ActionKind::send:
    case ActionKind::send_direct:
    case ActionKind::send_to_number:
      // Mostly a word, sometimes a burst that is longer than what may be in flight.
      return static_cast<std::uint32_t>(random.below(8) == 0 ? 20 + random.below(60) : 1 + random.below(4));
    case ActionKind::send_and_crash:
    case ActionKind::send_and_break:
      return static_cast<std::uint32_t>(1 + random.below(random.below(3) == 0 ? 60 : 4));
    case ActionKind::device_dies:
      return static_cast<std::uint32_t>(random.below(3) == 0 ? 0 : random.below(30));
    case ActionKind::clock_steps_back:
      return static_cast<std::uint32_t>(100 + random.below(3'900));
    case ActionKind::create_group:
      return static_cast<std::uint32_t>(1 + random.below(scale.people - 1));
    case ActionKind::add_member:
    case ActionKind::remove_member:
    case ActionKind::set_role:
    case ActionKind::block:
    case ActionKind::unblock:
      return static_cast<std::uint32_t>(random.below(scale.people));
    case ActionKind::stall_reader:
    case ActionKind::crash_device:
    case ActionKind::crash_server:
    case ActionKind::kill_server:
      return static_cast<std::uint32_t>(10 + random.below(random.below(4) == 0 ? 60'000 : 3'000));
    case ActionKind::server_disk_full:
      return static_cast<std::uint32_t>(1'000 + random.below(59'000));
    case ActionKind::pry:
      return static_cast<std::uint32_t>(random.below(1'000));
    case ActionKind::server_deletes_old:
      return static_cast<std::uint32_t>(5'000 + random.below(60'000));
    case ActionKind::server_disk_fails:
    case ActionKind::device_disk_fails:
      return static_cast<std::uint32_t>(1 + random.below(20));
    case ActionKind::server_clock:
    case ActionKind::device_clock:
      return static_cast<std::uint32_t>(random.below(random.below(2) == 0 ? 4'000 : 3'600'000));
    default:
      return 0;
  }
}

}  // namespace

std::string describe(const Action& action) {
  const auto kind = static_cast<std::size_t>(action.kind);
  return "device " + std::to_string(action.device) + " " + kNames[kind] + " (" +
         std::to_string(action.target) + ", " + std::to_string(action.amount) + ")";
}

Plan make_plan(std::uint64_t seed) {
  SeededRandom random(seed ^ 0x736368656475'6c65);  // apart from the run's own choices
  Plan plan{seed, {}, {}};
  plan.scale.people = static_cast<std::uint32_t>(2 + random.below(4));
  plan.scale.devices = plan.scale.people + static_cast<std::uint32_t>(random.below(3));
  plan.scale.groups = static_cast<std::uint32_t>(1 + random.below(2));
  plan.scale.actions = static_cast<std::uint32_t>(20 + random.below(60));
  unsigned total = 0;
  for (const auto& weighted : kWeights)
    total += weighted.weight;
  for (std::uint32_t i = 0; i < plan.scale.actions; ++i) {
    Action action;
    action.at = Milliseconds{
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(plan.scale.length.count())))};
    auto pick = random.below(total);
    for (const auto& weighted : kWeights) {
      if (pick < weighted.weight) {
        action.kind = weighted.kind;
        break;
      }
      pick -= weighted.weight;
    }
    action.device = static_cast<std::uint32_t>(random.below(plan.scale.devices));
    action.target = static_cast<std::uint32_t>(random.below(8));
    action.amount = amount_of(action.kind, random, plan.scale);
    plan.actions.push_back(action);
  }
  std::stable_sort(plan.actions.begin(), plan.actions.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
  return plan;
}

}  // namespace sotto::sim
