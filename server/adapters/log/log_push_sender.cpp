#include "server/adapters/log/log_push_sender.hpp"

#include "server/logging/log.hpp"
#include "server/metrics/metrics.hpp"

namespace sotto::server {

void LogPushSender::send(PushNotice notice) {
  metrics_.pushes.add();
  log::info("push", {{"user_id", notice.user},
                     {"device_id", notice.device},
                     {"platform", log::text(to_string(notice.platform))}});
}

}  // namespace sotto::server
