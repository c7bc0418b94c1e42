// The one place where the server is put together: its rules, on what they need from outside. The process, the
// test kit and the tests differ in the ports they give it and in nothing else.
//
//   Application app(limits, config.dev, {.storage = *storage, .registry = registry, ...});
//   RestApi api = make_rest_api(app, process, Cors(config.allowed_origins));
//   storage->start(gateway.events());
//   gateway.start(app, api);
//
// It outlives everything that is given a reference to it, and the ports outlive it.
#pragma once

#include "base/random.hpp"
#include "server/model/limits.hpp"
#include "server/ports/otp_sender.hpp"
#include "server/ports/push_sender.hpp"
#include "server/ports/session_registry.hpp"
#include "server/ports/storage.hpp"
#include "server/services/services.hpp"

namespace sotto::server {

struct Metrics;

/// What the server needs from outside.
struct Ports {
  Storage& storage;
  SessionRegistry& registry;
  OtpSender& otp_sender;
  PushSender& push_sender;
  Random& random;
  Metrics& metrics;
};

struct Application {
  Application(const Limits& given, bool accept_dev_code, const Ports& given_ports)
      : limits(given), ports(given_ports), services(limits, ports.storage.token_key(), accept_dev_code) {}
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  const Limits limits;
  const Ports ports;
  Services services;
};

}  // namespace sotto::server
