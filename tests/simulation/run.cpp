#include "tests/simulation/run.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include <sqlite3.h>

#include "tests/simulation/checker.hpp"
#include "tests/simulation/ledger.hpp"
#include "tests/simulation/server_truth.hpp"
#include "tests/simulation/sim_device.hpp"
#include "tests/simulation/sim_server.hpp"

namespace sotto::sim {

namespace {

// Everybody signs in and the first groups are there before anything goes wrong.
constexpr Milliseconds kOpening = 20s;
// After everything has healed: many times the longest backoff, keep-alive and resend together.
constexpr Milliseconds kHealing = 15min;
constexpr std::uint32_t kNobody = 89'999;    // no run has so many people
constexpr std::size_t kFanoutThreshold = 3;  // so that groups of a run lie on both sides of it

class Run {
 public:
  Run(const Plan& plan, bool trace)
      : plan_(plan), world_(plan.seed), server_(world_, limits()), ledger_(world_, server_) {
    if (trace) world_.listen([this](std::string line) { story_.push_back(std::move(line)); });
    server_.on_death = [this] {
      for (auto& device : devices_)
        device->on_server_death();
    };
    for (std::uint32_t i = 0; i < plan.scale.devices; ++i)
      add_device(i % plan.scale.people);
  }

  Verdict play() {
    server_.start();
    for (auto& device : devices_) {
      device->start();
      device->go_online();
      world_.after(world_.between(0ms, 2s), [&device] { device->sign_in(); });
    }
    for (std::uint32_t g = 0; g < plan_.scale.groups; ++g) {
      world_.at(10s + g * 1s, [this, g] { create_group(*devices_[g % devices_.size()], g + 2); });
    }
    world_.at(kOpening - 1s, [this] { watch_each_other(); });
    world_.run_until(kOpening);
    for (const auto& action : plan_.actions) {
      world_.at(kOpening + action.at, [this, &action] { act(action); });
    }
    world_.run_until(kOpening + plan_.scale.length);
    heal();
    const auto patience = world_.now() + kHealing;
    world_.run_until(patience, [this] { return at_rest(); });
    Verdict verdict;
    if (at_rest()) {
      one_goes_home();
    } else {
      for (const auto& device : devices_) {
        if (device->engine() != nullptr && !device->at_rest()) {
          verdict.problems.push_back("device " + std::to_string(device->number()) +
                                     " does not come to rest: it is " +
                                     std::string(to_string(device->engine()->connection_state())) + ", " +
                                     std::to_string(device->engine()->metrics().queue_depth) + " unsent");
        }
      }
    }
    if (!server_.is_up()) verdict.problems.push_back("the server does not come up again");
    for (auto& problem : check(server_, devices_, ledger_))
      verdict.problems.push_back(std::move(problem));
    verdict.messages = read_truth(server_).messages.size();
    verdict.events = world_.events();
    verdict.story = std::move(story_);
    return verdict;
  }

 private:
  static server::Limits limits() {
    server::Limits limits;
    limits.write_fanout_members = kFanoutThreshold;
    limits.rate_limits = false;
    return limits;
  }

  static std::string number_of(std::uint32_t person) { return "+49151000" + std::to_string(10'000 + person); }

  void add_device(std::uint32_t person) {
    const auto number = static_cast<std::uint32_t>(devices_.size());
    devices_.push_back(std::make_unique<SimDevice>(world_, server_, ledger_, number, number_of(person)));
  }

  /// The account of now: of somebody who has deleted one and come back, the new one.
  std::optional<UserId> person(std::uint32_t number) const {
    const auto& phone = devices_[number % plan_.scale.people]->phone();
    std::optional<UserId> user;
    for (const auto& device : devices_)
      if (device->phone() == phone && device->account()) user = std::max(user, {device->account()->user_id});
    return user;
  }

  std::vector<SimDevice*> devices_of(UserId user) {
    std::vector<SimDevice*> found;
    for (auto& device : devices_)
      if (device->account() && device->account()->user_id == user) found.push_back(device.get());
    return found;
  }

  void watch_each_other() {
    std::vector<UserId> everybody;
    for (std::uint32_t i = 0; i < plan_.scale.people; ++i)
      if (auto user = person(i)) everybody.push_back(*user);
    for (auto& device : devices_)
      device->watch_presence(everybody);
  }

  void revoke(SimDevice& device, std::uint32_t target) {
    if (!device.account()) return;
    const auto own = devices_of(device.account()->user_id);
    device.revoke(*own[target % own.size()]);
  }

  void delete_account(SimDevice& device) {
    // Two people have to be left to talk.
    if (!device.account() || plan_.scale.people < 3) return;
    device.delete_account([this, user = device.account()->user_id, asked = world_.now()] {
      ledger_.deleted(user);
      for (auto* gone : devices_of(user))
        gone->was_signed_out(asked);
    });
  }

  /// What people or bad luck do later; nothing comes of it once everything has healed.
  void by_chance(Milliseconds delay, std::function<void()> what) {
    world_.after(delay, [this, what = std::move(what)] {
      if (!healed_) what();
    });
  }

  /// The disk is full until somebody has made room and, to be sure, starts the server again. People go on
  /// reading meanwhile.
  void fill_disk(Milliseconds how_long) {
    server_.fail_disk(1, true);
    for (auto& device : devices_) {
      by_chance(world_.between(0ms, how_long), [this, device = device.get(), target = world_.below(8)] {
        if (auto conversation = pick(*device, static_cast<std::uint32_t>(target), false))
          device->mark_everything_read(conversation->id);
      });
    }
    by_chance(how_long, [this] {
      server_.heal();
      server_.kill(world_.chance(50));
      ensure_server();
    });
  }

  static std::optional<Conversation> pick(SimDevice& device, std::uint32_t target, bool group) {
    if (device.engine() == nullptr) return std::nullopt;
    auto all = device.engine()->conversations();
    if (!all) return std::nullopt;
    std::erase_if(*all, [&](const Conversation& c) { return group && c.kind != ConversationKind::group; });
    if (all->empty()) return std::nullopt;
    std::sort(all->begin(), all->end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return (*all)[target % all->size()];
  }

  void create_group(SimDevice& device, std::uint32_t others) {
    std::vector<UserId> members;
    for (std::uint32_t i = 0; i < plan_.scale.people && members.size() < others; ++i) {
      auto user = person(i);
      if (user && device.account() && *user != device.account()->user_id) members.push_back(*user);
    }
    if (device.engine() == nullptr || !device.account()) return;
    device.engine()->create_group("group", members, device.now(), [](Result<Conversation>) {});
    device.settle();
  }

  void change_group(SimDevice& device, const Action& action) {
    auto group = pick(device, action.target, true);
    auto user = person(action.amount);
    if (!group || !user) return;
    auto* engine = device.engine();
    auto ignore = [](Result<void>) {};
    switch (action.kind) {
      case ActionKind::add_member:
        engine->add_members(group->id, {*user}, device.now(), ignore);
        break;
      case ActionKind::remove_member:
        engine->remove_member(group->id, *user, device.now(), ignore);
        break;
      case ActionKind::leave_group:
        engine->leave_group(group->id, device.now(), ignore);
        break;
      case ActionKind::rename_group:
        rename_group(device, group->id);
        break;
      default:
        engine->set_role(group->id, *user, Role::admin, device.now(), ignore);
        break;
    }
    device.settle();
  }

  void rename_group(SimDevice& device, ConversationId group) {
    const std::string name = "renamed " + std::to_string(++names_);
    ledger_.asks_to_rename(name);
    device.engine()->rename_group(group, name, device.now(), [](Result<void>) {});
  }

  /// To the number of one person, of everybody, or to one that nobody has.
  void send_to_number(SimDevice& device, const Action& action) {
    const std::uint32_t people = plan_.scale.people;
    const std::uint32_t choice = action.target % (people + 2);
    if (choice == people) return device.send(PhoneNumber{number_of(kNobody)}, 1);
    for (std::uint32_t i = 0; i < people; ++i) {
      const std::string number = number_of(i);
      if (number == device.phone()) continue;
      if (choice == i) device.send(PhoneNumber{number}, action.amount);
      if (choice > people) device.send(PhoneNumber{number}, 1);
    }
  }

  static void talk(SimDevice& device, const Action& action) {
    if (auto conversation = pick(device, action.target, false)) device.send(conversation->id, action.amount);
  }

  /// Ids are given before, during and after the step; one time in four the server also dies in between, and
  /// has only its tables to know how far it was.
  void step_back(SimDevice& device, const Action& action) {
    auto conversation = pick(device, action.target, false);
    if (!conversation) return;
    for (int i = 0; i < 5; ++i) {
      by_chance(i * world_.between(50ms, 300ms),
                [this, index = device.number(), to = conversation->id] { devices_[index]->send(to, 2); });
    }
    by_chance(world_.between(100ms, 700ms), [this, by = Milliseconds{action.amount}] {
      server_.move_clock(-by);
      if (!world_.chance(25)) return;
      server_.kill(world_.chance(50));
      ensure_server();
    });
  }

  void act(const Action& action) {
    world_.tell([&] { return describe(action); });
    auto& device = *devices_[action.device % devices_.size()];
    const Milliseconds amount{action.amount};
    switch (action.kind) {
      case ActionKind::send:
        if (auto conversation = pick(device, action.target, false))
          device.send(conversation->id, action.amount);
        break;
      case ActionKind::send_direct: {
        auto user = person(action.target);
        if (user && device.account() && *user != device.account()->user_id) device.send(*user, action.amount);
        break;
      }
      case ActionKind::send_to_number:
        send_to_number(device, action);
        break;
      case ActionKind::pry:
        if (auto conversation = pick(device, action.target, false))
          device.pry(conversation->id, action.amount);
        break;
      case ActionKind::mark_read:
        if (auto conversation = pick(device, action.target, false))
          device.mark_everything_read(conversation->id);
        break;
      case ActionKind::create_group:
        create_group(device, action.amount);
        break;
      case ActionKind::add_member:
      case ActionKind::remove_member:
      case ActionKind::leave_group:
      case ActionKind::rename_group:
      case ActionKind::set_role:
        change_group(device, action);
        break;
      case ActionKind::sign_out:
        device.sign_out();
        break;
      case ActionKind::sign_in_again:
        for (auto& each : devices_)
          if (each->phone() == device.phone()) each->sign_in();
        break;
      case ActionKind::revoke_device:
        revoke(device, action.target);
        break;
      case ActionKind::block:
      case ActionKind::unblock: {
        auto user = person(action.amount);
        if (user && device.account() && *user != device.account()->user_id)
          device.set_blocked(*user, action.kind == ActionKind::block);
        break;
      }
      case ActionKind::delete_account:
        delete_account(device);
        break;
      case ActionKind::type:
        if (auto conversation = pick(device, action.target, false)) device.type(conversation->id);
        break;
      case ActionKind::retry_failed:
        device.retry_failed();
        break;
      case ActionKind::go_offline:
        device.go_offline();
        break;
      case ActionKind::go_online:
        device.go_online();
        break;
      case ActionKind::new_device:
        add_device(action.device % plan_.scale.people);
        devices_.back()->start();
        devices_.back()->go_online();
        devices_.back()->sign_in();
        break;
      case ActionKind::send_and_crash:
        talk(device, action);
        by_chance(world_.between(0ms, 60ms), [this, index = device.number()] {
          devices_[index]->crash(world_.chance(50));
          world_.after(world_.between(10ms, 5s), [this, index] { devices_[index]->start(); });
        });
        break;
      case ActionKind::send_and_break:
        talk(device, action);
        by_chance(world_.between(0ms, 60ms), [this, index = device.number()] {
          devices_[index]->break_connection(true, world_.chance(70));
        });
        break;
      case ActionKind::device_dies:
        device.die_at(action.amount);
        break;
      case ActionKind::clock_steps_back:
        step_back(device, action);
        break;
      case ActionKind::break_connection:
        device.break_connection(true, true);
        break;
      case ActionKind::half_open:
        device.break_connection(action.target % 2 == 0, action.target % 3 == 0);
        break;
      case ActionKind::stall_reader:
        device.stall(amount);
        break;
      case ActionKind::crash_device:
        device.crash(action.target % 2 == 0);
        world_.after(amount, [this, index = action.device % devices_.size()] { devices_[index]->start(); });
        break;
      case ActionKind::crash_server:
        // Most batches change the disk five to thirty times.
        server_.die_at(action.target == 0 ? 0 : 1 + action.amount % 30);
        world_.after(amount, [this] { ensure_server(); });
        break;
      case ActionKind::kill_server:
        server_.kill(action.target % 2 == 0);
        world_.after(amount, [this] { ensure_server(); });
        break;
      case ActionKind::server_disk_fails:
        if (action.target == 0)
          server_.fail_reads(action.amount);
        else
          server_.fail_disk(action.amount, action.target % 2 == 0);
        world_.after(world_.between(1s, 20s), [this] { server_.heal(); });
        break;
      case ActionKind::server_disk_full:
        fill_disk(amount);
        break;
      case ActionKind::device_disk_fails:
        device.fail_disk(action.amount);
        break;
      case ActionKind::server_deletes_old:
        server_.delete_old(amount, [this](Timestamp oldest) { return ledger_.will_delete(oldest); });
        break;
      case ActionKind::server_clock:
        // Back by a little at most: a server that starts with a clock far behind refuses to.
        server_.move_clock(action.target % 2 == 0 ? amount : -std::min(amount, Milliseconds{4'000}));
        break;
      case ActionKind::device_clock:
        device.move_clock(action.target % 2 == 0 ? amount : -amount);
        break;
    }
  }

  /// A supervisor: starts the server when it is down, again and again.
  void ensure_server() {
    if (server_.is_up() || server_.start()) return;
    world_.after(2s, [this] { ensure_server(); });
  }

  void heal() {
    world_.tell([] { return std::string("everything heals"); });
    healed_ = true;
    server_.heal();
    server_.kill(true);  // so that an armed crash cannot come later, and what is not durable shows
    ensure_server();
    for (auto& device : devices_) {
      device->heal();
      device->crash(true);
      device->start();
      device->go_online();
      // Some of those who were signed out stay so, and are to have got nothing more.
      if (!device->is_out() || world_.chance(50)) device->sign_in();
    }
    watch_each_other();
  }

  /// All devices of one person leave a conversation that rests: the others are to see it.
  void one_goes_home() {
    constexpr Milliseconds kSeen = 2s;
    const auto& phone = devices_[world_.below(devices_.size())]->phone();
    for (auto& device : devices_)
      if (device->phone() == phone) device->go_offline();
    world_.run_until(world_.now() + kSeen);
  }

  [[nodiscard]] bool at_rest() {
    // Receipts are collected for half a second on the server and a second on the device.
    constexpr Milliseconds kQuiet = 5s;
    const bool now = server_.is_up() && std::all_of(devices_.begin(), devices_.end(),
                                                    [](const auto& device) { return device->at_rest(); });
    if (!now)
      rest_since_ = Milliseconds::max();
    else if (rest_since_ == Milliseconds::max())
      rest_since_ = world_.now();
    return now && world_.now() - rest_since_ >= kQuiet;
  }

  const Plan& plan_;
  World world_;
  std::vector<std::string> story_;
  SimServer server_;
  Ledger ledger_;
  std::vector<std::unique_ptr<SimDevice>> devices_;
  std::uint32_t names_ = 0;
  bool healed_ = false;  ///< nothing that people or bad luck do happens any more
  Milliseconds rest_since_ = Milliseconds::max();
};

}  // namespace

Verdict run(const Plan& plan, bool trace) {
  // SQLite counts what it allocates under one lock of the process, and two runs at a time would take as long
  // as one after the other. Before anything uses SQLite, which takes no setting afterwards.
  [[maybe_unused]] static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  return Run(plan, trace).play();
}

Plan shrink(const Plan& plan) {
  // The same promise has to be broken: leaving something out must not lead to another failure.
  auto promise = [](const std::string& problem) { return problem.substr(0, problem.find(' ')); };
  const auto first = run(plan, false).problems;
  if (first.empty()) return plan;
  auto fails = [&, wanted = promise(first.front())](const Plan& candidate) {
    const auto problems = run(candidate, false).problems;
    return std::any_of(problems.begin(), problems.end(),
                       [&](const std::string& problem) { return promise(problem) == wanted; });
  };
  Plan best = plan;
  for (std::size_t chunk = std::max<std::size_t>(best.actions.size() / 2, 1); chunk >= 1; chunk /= 2) {
    for (std::size_t from = 0; from < best.actions.size();) {
      Plan candidate = best;
      const auto begin = candidate.actions.begin() + static_cast<std::ptrdiff_t>(from);
      const auto count = std::min(chunk, candidate.actions.size() - from);
      candidate.actions.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
      if (!fails(candidate)) {
        from += chunk;
      } else {
        best = std::move(candidate);
      }
    }
    if (chunk == 1) break;
  }
  return best;
}

}  // namespace sotto::sim
