#include "tests/simulation/ledger.hpp"

#include <algorithm>

#include "base/snowflake.hpp"
#include "sdk/engine/timing.hpp"

namespace sotto::sim {

namespace {
/// A request that nobody has answered for so long is not under way any more, done or lost.
constexpr Milliseconds kSettled = engine::kRequestTimeout + 1s;
}  // namespace

Ledger::Asked Ledger::asks_to_block(UserId owner, UserId user, bool block) {
  break_silence(owner, user);
  Pair& pair = pairs_[{owner, user}];
  // Two requests at once may be carried out in either order: the answers then say nothing.
  const bool alone = !pair.unanswered || world_.now() - *pair.unanswered > kSettled;
  pair.blocked.reset();
  pair.unanswered = world_.now();
  ++pair.serial;
  return {owner, user, block, alone ? pair.serial : 0};
}

void Ledger::answered(const Asked& asked, bool done) {
  Pair& pair = pairs_[{asked.owner, asked.user}];
  if (asked.serial != pair.serial) return;
  if (!done) return;  // perhaps carried out, perhaps not
  pair.unanswered.reset();
  pair.blocked = asked.block;
  const auto last = last_id(server_);
  if (asked.block && last) silences_.push_back({asked.owner, asked.user, *last, std::nullopt, world_.now()});
}

std::optional<bool> Ledger::blocked(UserId owner, UserId user) const {
  const auto found = pairs_.find({owner, user});
  return found == pairs_.end() ? std::optional<bool>(false) : found->second.blocked;
}

bool Ledger::silent_for(UserId one, UserId other, Milliseconds at_least) const {
  return std::any_of(silences_.begin(), silences_.end(), [&](const Silence& silence) {
    const bool theirs =
        (silence.owner == one && silence.user == other) || (silence.owner == other && silence.user == one);
    return theirs && !silence.up_to && world_.now() - silence.since >= at_least;
  });
}

void Ledger::signed_out(DeviceId device) {
  if (const auto last = last_id(server_)) signed_out_.try_emplace(device, *last);
}

void Ledger::asks_to_rename(const std::string& name) {
  if (const auto last = last_id(server_)) named_after_.try_emplace(name, *last);
}

std::optional<std::uint64_t> Ledger::named_after(const std::string& name) const {
  const auto found = named_after_.find(name);
  return found == named_after_.end() ? std::optional<std::uint64_t>() : found->second;
}

bool Ledger::will_delete(Timestamp oldest) {
  auto messages = read_messages(server_);
  if (!messages) return false;
  for (TrueMessage& message : *messages)
    remembered_.try_emplace(message.id, std::move(message));
  deleted_below_ = std::max(deleted_below_, snowflake_floor(oldest));
  return true;
}

void Ledger::break_silence(UserId owner, UserId user) {
  for (Silence& silence : silences_) {
    if (silence.owner != owner || silence.user != user || silence.up_to) continue;
    silence.up_to = last_id(server_).value_or(silence.after);  // a server that is down tells nothing
  }
}

}  // namespace sotto::sim
