#include "server/adapters/memory/memory_session_registry.hpp"

#include <algorithm>
#include <utility>

namespace sotto::server {

std::optional<Location> MemorySessionRegistry::add(UserId user, const Location& location) {
  Slice& slice = slice_of(user);
  const std::lock_guard guard(slice.lock);
  std::vector<Location>& locations = slice.users[user];
  for (Location& known : locations) {
    if (known.device == location.device) return std::exchange(known, location);
  }
  locations.push_back(location);
  return std::nullopt;
}

void MemorySessionRegistry::remove(UserId user, SessionRef session) {
  Slice& slice = slice_of(user);
  const std::lock_guard guard(slice.lock);
  auto found = slice.users.find(user);
  if (found == slice.users.end()) return;
  std::erase_if(found->second, [&](const Location& known) { return known.session == session; });
  if (found->second.empty()) slice.users.erase(found);
}

std::vector<Location> MemorySessionRegistry::find(UserId user) const {
  const Slice& slice = slice_of(user);
  const std::lock_guard guard(slice.lock);
  auto found = slice.users.find(user);
  return found == slice.users.end() ? std::vector<Location>{} : found->second;
}

void MemorySessionRegistry::find_all(
    std::span<const UserId> users,
    const std::function<void(std::size_t, std::span<const Location>)>& visit) const {
  std::vector<Location> locations;
  for (std::size_t i = 0; i < users.size(); ++i) {
    locations.clear();
    {
      const Slice& slice = slice_of(users[i]);
      const std::lock_guard guard(slice.lock);
      if (auto found = slice.users.find(users[i]); found != slice.users.end()) locations = found->second;
    }
    visit(i, locations);
  }
}

}  // namespace sotto::server
