// Push notifications into the log: what would be sent, to which device, until APNs and FCM are configured.
// Neither the token nor anything of the message is shown.
#pragma once

#include "server/ports/push_sender.hpp"

namespace sotto::server {

class LogPushSender final : public PushSender {
 public:
  void send(PushNotice notice) override;
};

}  // namespace sotto::server
