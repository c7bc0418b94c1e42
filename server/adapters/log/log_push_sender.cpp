#include "server/adapters/log/log_push_sender.hpp"

#include "server/logging/log.hpp"

namespace sotto::server {

void LogPushSender::send(PushNotice notice) {
  log::info("push", {{"user_id", notice.user},
                     {"device_id", notice.device},
                     {"platform", log::text(to_string(notice.platform))}});
}

}  // namespace sotto::server
