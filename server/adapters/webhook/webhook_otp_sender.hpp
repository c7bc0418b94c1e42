// One-time codes to an HTTP endpoint of the operator, which sends the SMS:
//
//   POST {url}    Content-Type: application/json
//   Sotto-Timestamp: 1795480000        Sotto-Signature: 9f86d0…      (only with a secret)
//   {"phone_number": "+491511234567", "code": "482913", "expires_in": 300}
//
// The signature is HMAC-SHA256 with the secret over `timestamp "." body`, in hexadecimal, so that the
// endpoint can tell our requests from others' and from old ones. Any 2xx is success. There is no retry: the
// answer may have been lost after the SMS went out, and the person asks for another code if none comes.
//
// Requests go out one after the other on a thread of the sender's own; a bounded number waits, beyond that
// codes are dropped and counted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "server/adapters/otp/otp_queue.hpp"
#include "server/model/defaults.hpp"
#include "server/ports/otp_sender.hpp"

namespace sotto::server {

class WebhookOtpSender final : public OtpSender {
 public:
  struct Options {
    std::string url;
    SecretBytes secret;  ///< empty: requests are not signed
    Milliseconds timeout = defaults::kOtpWebhookTimeout;
    Milliseconds code_lifetime = std::chrono::minutes(5);  ///< told as `expires_in`
    /// Minutes of a slow endpoint; a code that waits longer is worthless.
    std::size_t queue_capacity = 256;
  };
  WebhookOtpSender(Options options, Metrics& metrics);

  void send(OtpMessage message) override { queue_.send(std::move(message)); }

 private:
  [[nodiscard]] bool post(const OtpMessage& message) const;

  const Options options_;
  OtpQueue queue_;
};

/// Hexadecimal HMAC-SHA256 over `timestamp "." body`.
std::string webhook_signature(const SecretBytes& secret, std::string_view timestamp, std::string_view body);

}  // namespace sotto::server
