// One-time codes on standard output, for development and for a server whose operator hands them out himself:
//
//   one-time code for +491511234567: 482913
//
// Not in the log, which never holds a phone number.
#pragma once

#include <iosfwd>
#include <mutex>

#include "server/ports/otp_sender.hpp"

namespace sotto::server {

struct Metrics;

class ConsoleOtpSender final : public OtpSender {
 public:
  /// Both outlive the sender.
  ConsoleOtpSender(std::ostream& out, Metrics& metrics) : out_(out), metrics_(metrics) {}
  void send(OtpMessage message) override;

 private:
  std::mutex lock_;  // keeps the lines of two threads apart; a code is asked for now and then
  std::ostream& out_;
  Metrics& metrics_;
};

}  // namespace sotto::server
