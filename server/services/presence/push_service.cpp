#include "server/services/presence/push_service.hpp"

#include <algorithm>

#include "server/ports/store.hpp"

namespace sotto::server {

namespace {
// A notice may get lost on its way, so the next message after this wakes again.
constexpr Milliseconds kWakeAgain = std::chrono::seconds(5);
// About 3 MB. Past it the memory of whom was woken starts anew, which costs a few notices too many.
constexpr std::size_t kRemembered = 100'000;
}  // namespace

std::vector<UserId> PushService::wanted(UserId sender, std::span<const UserId> offline, Timestamp now) {
  if (woken_.size() > kRemembered) woken_.clear();
  std::vector<UserId> wanted;
  for (const UserId user : offline) {
    if (user == sender) continue;
    Timestamp& last = woken_[user];
    if (last != Timestamp{} && now >= last && now - last < kWakeAgain) continue;
    last = now;
    wanted.push_back(user);
  }
  return wanted;
}

std::vector<PushNotice> PushService::notices(const Store& store, std::span<const UserId> users) {
  std::vector<PushNotice> notices;
  for (const UserId user : users) {
    for (Device& device : store.accounts().devices_of(user)) {
      if (device.push_platform == PushPlatform::none) continue;
      notices.push_back({user, device.id, device.push_platform, std::move(device.push_token)});
    }
  }
  return notices;
}

}  // namespace sotto::server
