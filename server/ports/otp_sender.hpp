// Brings a one-time code to a phone: the console in development, a webhook to an SMS provider in production.
#pragma once

#include <string>

namespace sotto::server {

struct OtpMessage {
  std::string phone_number;  ///< E.164
  std::string code;
};

class OtpSender {
 public:
  virtual ~OtpSender() = default;
  /// Takes the message and returns at once; from any thread. A failure is logged without the number or the
  /// code; the person asks again.
  virtual void send(OtpMessage message) = 0;
};

}  // namespace sotto::server
