#include "server/adapters/console/console_otp_sender.hpp"

#include <cstddef>
#include <ostream>

namespace sotto::server {
namespace {

// Lines for a terminal that is paused; by the time it goes on, older codes are worthless.
constexpr std::size_t kWaitingCodes = 256;

}  // namespace

ConsoleOtpSender::ConsoleOtpSender(std::ostream& out, Metrics& metrics)
    : queue_(
          kWaitingCodes,
          [&out](const OtpMessage& message) {
            out << "one-time code for " + message.phone_number + ": " + message.code + "\n" << std::flush;
            return out.good();
          },
          metrics) {}

}  // namespace sotto::server
