// Wakes devices that have no connection. A notice says that there is something, never what, and from nobody.
#pragma once

#include <string>

#include "server/model/user.hpp"

namespace sotto::server {

struct PushNotice {
  UserId user;
  DeviceId device;
  PushPlatform platform = PushPlatform::none;
  std::string token;
};

class PushSender {
 public:
  virtual ~PushSender() = default;
  /// Takes the notice and returns at once; from any thread. What cannot be sent is dropped and counted: the
  /// message itself is safe in the store.
  virtual void send(PushNotice notice) = 0;
};

}  // namespace sotto::server
