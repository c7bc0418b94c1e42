// From the operator's configuration to what each part of the server takes.
#pragma once

#include "server/adapters/webhook/webhook_otp_sender.hpp"
#include "server/config/config.hpp"
#include "server/gateway/net/gateway.hpp"
#include "server/model/limits.hpp"

namespace sotto::server {

Limits limits_of(const Config& config);
GatewayConfig gateway_config_of(const Config& config);
WebhookOtpSender::Options webhook_options_of(const Config& config);

}  // namespace sotto::server
