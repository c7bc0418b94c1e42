#include "server/adapters/console/console_otp_sender.hpp"

#include <ostream>

#include "server/metrics/metrics.hpp"

namespace sotto::server {

void ConsoleOtpSender::send(OtpMessage message) {
  {
    const std::lock_guard guard(lock_);
    out_ << "one-time code for " << message.phone_number << ": " << message.code << std::endl;
  }
  metrics_.otp_sent.add("sent");
}

}  // namespace sotto::server
