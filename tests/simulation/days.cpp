#include "tests/simulation/days.hpp"

#include <algorithm>
#include <utility>

namespace sotto::sim {

namespace {

using Kind = ActionKind;

/// Repeats `round` every `every`, with the times in it counted from its beginning.
std::vector<Action> all_day(Milliseconds every, const std::vector<Action>& round) {
  std::vector<Action> actions;
  for (Milliseconds begin{0}; begin + every < Scale().length; begin += every)
    for (Action action : round) {
      action.at += begin;
      actions.push_back(action);
    }
  return actions;
}

Day day(std::string name, std::uint64_t seed, Scale scale, std::vector<Action> actions) {
  std::stable_sort(actions.begin(), actions.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  return {std::move(name), {seed, scale, std::move(actions)}};
}

/// A refused message, and one behind it still in flight when the device dies.
Day dies_behind_a_failure() {
  std::vector<Action> actions;
  for (std::uint32_t i = 0; i < 16; ++i) {
    const Milliseconds begin = i * 10s;
    actions.push_back({begin, Kind::unblock, 1, 0, 0});
    actions.push_back({begin + 2s, Kind::retry_failed, 0, 0, 0});
    actions.push_back({begin + 4s, Kind::block, 1, 0, 0});
    actions.push_back({begin + 6s, Kind::send_direct, 0, 1, 8});
    actions.push_back({begin + 6s + (10 + 5 * i) * 1ms, Kind::crash_device, 0, 1, 1'000});
  }
  actions.push_back({174s, Kind::unblock, 1, 0, 0});
  actions.push_back({176s, Kind::block, 1, 0, 0});
  actions.push_back({178s, Kind::send_direct, 0, 1, 8});
  return day("a device dies with messages in flight behind a refused one", 1, {2, 2, 1, 0},
             std::move(actions));
}

/// What was armed in the last moments of a day must not happen once everything has healed.
Day last_moments() {
  std::vector<Action> actions;
  for (std::uint32_t i = 0; i < 12; ++i) {
    actions.push_back({179'700ms + i * 20ms, Kind::clock_steps_back, i % 4, i, 1'000});
    actions.push_back({179'950ms + i * 2ms, Kind::send_and_break, i % 4, i, 2});
    actions.push_back({179'950ms + i * 2ms, Kind::send_and_crash, i % 4, i, 2});
  }
  return day("bad luck in the last moments of the day", 2, {3, 4, 1, 0}, std::move(actions));
}

/// One person is written to by number, by id and by conversation while the other end comes and goes.
Day many_addresses() {
  auto actions = all_day(20s, {{0s, Kind::go_offline, 0, 0, 0},
                               {1s, Kind::send_direct, 0, 1, 1},
                               {2s, Kind::send_to_number, 0, 1, 2},
                               {3s, Kind::send_direct, 0, 1, 2},
                               {4s, Kind::send_to_number, 0, 4, 1},
                               {5s, Kind::send_direct, 1, 0, 1},
                               {6s, Kind::send, 0, 0, 2},
                               {7s, Kind::go_online, 0, 0, 0},
                               {7'020ms, Kind::crash_device, 0, 0, 100},
                               {8s, Kind::new_device, 0, 0, 0},
                               {9s, Kind::send_to_number, 2, 1, 1},
                               {9s, Kind::send_direct, 2, 1, 1}});
  return day("one person has many addresses", 3, {3, 3, 1, 0}, std::move(actions));
}

/// The first message by number is refused behind a block, so its conversation stops; later ones by number
/// meet it.
Day number_meets_a_stop() {
  std::vector<Action> actions{{0s, Kind::block, 1, 0, 0},          {2s, Kind::send_direct, 0, 1, 1},
                              {4s, Kind::send_to_number, 0, 1, 2}, {6s, Kind::send_to_number, 0, 3, 2},
                              {8s, Kind::send_to_number, 0, 2, 1}, {170s, Kind::send_to_number, 0, 1, 1}};
  return day("a number meets a stopped conversation", 4, {3, 3, 1, 0}, std::move(actions));
}

/// What somebody missed is deleted before they come back.
Day deleted_while_away() {
  auto actions = all_day(30s, {{0s, Kind::go_offline, 1, 0, 0},
                               {1s, Kind::send_direct, 0, 1, 30},
                               {2s, Kind::send, 0, 0, 30},
                               {3s, Kind::send, 0, 1, 3},
                               {12s, Kind::server_deletes_old, 0, 0, 6'000},
                               {13s, Kind::send_direct, 0, 1, 3},
                               {14s, Kind::go_online, 1, 0, 0},
                               {14'010ms, Kind::server_deletes_old, 0, 0, 500},
                               {16s, Kind::mark_read, 1, 0, 0},
                               {18s, Kind::new_device, 1, 0, 0}});
  return day("messages are deleted while somebody is away", 5, {3, 3, 1, 0}, std::move(actions));
}

/// Signed out in the middle of a burst.
Day signed_out_while_sending() {
  auto actions = all_day(12s, {{0s, Kind::sign_in_again, 0, 0, 0},
                               {4s, Kind::go_online, 2, 0, 0},
                               {8s, Kind::send_direct, 2, 1, 79},
                               {8s, Kind::send_direct, 1, 0, 79},
                               {8'005ms, Kind::revoke_device, 0, 1, 0},
                               {8'020ms, Kind::revoke_device, 0, 1, 0}});
  return day("a device is signed out while it sends", 6, {2, 4, 1, 0}, std::move(actions));
}

}  // namespace

std::vector<Day> days() {
  return {dies_behind_a_failure(), last_moments(),       many_addresses(),
          number_meets_a_stop(),   deleted_while_away(), signed_out_while_sending()};
}

}  // namespace sotto::sim
