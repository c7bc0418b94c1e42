// One-time codes on standard output, for development and for a server whose operator passes them on:
//
//   one-time code for +491511234567: 482913
//
// Not in the log, which never holds a phone number.
#pragma once

#include <iosfwd>
#include <utility>

#include "server/adapters/otp/otp_queue.hpp"
#include "server/ports/otp_sender.hpp"

namespace sotto::server {

class ConsoleOtpSender final : public OtpSender {
 public:
  /// Both outlive the sender.
  ConsoleOtpSender(std::ostream& out, Metrics& metrics);
  void send(OtpMessage message) override { queue_.send(std::move(message)); }

 private:
  OtpQueue queue_;
};

}  // namespace sotto::server
