#include "sdk/cli/chat/names.hpp"

#include <utility>

namespace sotto::cli {

std::string Names::of(UserId user) {
  const Entry& entry = find(user);
  if (!entry.name.empty()) return entry.name;
  return entry.is_gone ? "deleted account" : "user " + to_string(user).substr(0, 6);
}

std::string Names::known(UserId user) {
  const Entry& entry = find(user);
  return entry.is_gone ? "deleted account" : entry.name;
}

void Names::learn(UserId user, std::string name) {
  entries_[user] = {std::move(name)};
}

Names::Entry& Names::find(UserId user) {
  const auto [at, is_new] = entries_.try_emplace(user);
  if (is_new || now_() >= at->second.ask_again_at) ask(user);
  return entries_[user];
}

void Names::ask(UserId user) {
  entries_[user].ask_again_at = std::chrono::steady_clock::time_point::max();
  ask_(user, Done<Profile>([this, user](Result<Profile> profile) {
         Entry& entry = entries_[user];
         if (profile)
           entry.name = profile->display_name;
         else if (profile.error().code == ErrorCode::not_found)
           entry.is_gone = true;
         else
           entry.ask_again_at = now_() + kAskAgainAfter;
       }));
}

}  // namespace sotto::cli
