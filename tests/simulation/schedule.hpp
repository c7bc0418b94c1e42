// What is going to happen in a run: a list of actions with their times, made from the seed before the run
// begins. A list, so that --shrink can leave some out and see whether the rest still fails.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "testkit/world.hpp"

namespace sotto::sim {

enum class ActionKind : std::uint8_t {
  // what people do
  send,            // `amount` messages at once from `device` into conversation number `target`
  send_direct,     // ... to person number `target`
  send_to_number,  // ... to the phone number of that person, to one that nobody has, or one each to all numbers
  mark_read,       // everything shown in conversation `target`
  create_group,    // by `device`, with `amount` others
  add_member,      // person `amount` to conversation `target`
  remove_member,
  leave_group,
  rename_group,
  set_role,
  type,
  pry,  // asks for messages of conversation `target` with ids at and beyond the ends of what an id may be
  sign_out,
  sign_in_again,  // every device of the person of `device` that is signed out
  revoke_device,  // by `device`: device number `target` of the same person
  block,          // person `amount`
  unblock,
  delete_account,
  retry_failed,  // everything failed on `device`
  go_offline,
  go_online,
  new_device,  // for the person of `device`
  // what goes wrong
  send_and_crash,     // `amount` messages into conversation `target`, and dead before all answers are there
  send_and_break,     // ... and its connection breaks
  device_dies,        // at step `amount` of its next commit, or, with 0, between commit and sending
  clock_steps_back,   // the server's, by `amount` ms while `device` talks in conversation `target`
  break_connection,   // both ends notice soon
  half_open,          // neither notices by itself
  stall_reader,       // `device` does not read for `amount` ms
  crash_device,       // and back after `amount` ms
  crash_server,       // at step `target` of its next batch; back after `amount` ms
  kill_server,        // at once
  server_disk_fails,  // its next `amount` changes
  server_disk_full,   // for `amount` ms; then there is room again, and the server is started anew
  device_disk_fails,
  server_deletes_old,  // what is older than `amount` ms
  server_clock,        // jumps by `amount` ms (signed by `target`)
  device_clock,
};

struct Action {
  Milliseconds at{0};
  ActionKind kind{};
  std::uint32_t device = 0;
  std::uint32_t target = 0;
  std::uint32_t amount = 0;
};

std::string describe(const Action& action);

/// How large a run is. Small enough for a thousand a minute, large enough that everything meets everything.
struct Scale {
  std::uint32_t people = 4;
  std::uint32_t devices = 6;  ///< of them all; the first `people` have one each, the rest are second devices
  std::uint32_t groups = 2;
  std::uint32_t actions = 60;
  Milliseconds length = std::chrono::minutes(3);
};

struct Plan {
  std::uint64_t seed = 0;
  Scale scale;
  std::vector<Action> actions;
};

Plan make_plan(std::uint64_t seed);

}  // namespace sotto::sim
