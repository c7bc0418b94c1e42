// Whom to wake when a message comes: recipients without any connection, each device with a push token, and no
// more than once in five seconds, since the first notice makes the device fetch everything.
//
//   std::vector<UserId> wanted = push.wanted(sender, offline_users, now);     // at the dispatcher, in memory
//   for (PushNotice& n : PushService::notices(store, wanted)) sender.send(n); // in a read job
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "server/ports/push_sender.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

class PushService {
 public:
  /// Of the recipients that are offline, those to be woken now. The sender's own devices are not woken. One
  /// owner.
  std::vector<UserId> wanted(UserId sender, std::span<const UserId> offline, Timestamp now);

  [[nodiscard]] static std::vector<PushNotice> notices(const Store& store, std::span<const UserId> users);

 private:
  std::unordered_map<UserId, Timestamp> woken_;
};

}  // namespace sotto::server
