#include "server/process/server_process.hpp"

#include <atomic>
#include <iostream>
#include <optional>
#include <utility>

#include "base/random.hpp"
#include "server/adapters/console/console_otp_sender.hpp"
#include "server/adapters/embedded/embedded_storage.hpp"
#include "server/adapters/log/log_push_sender.hpp"
#include "server/adapters/memory/memory_session_registry.hpp"
#include "server/adapters/webhook/webhook_otp_sender.hpp"
#include "server/application/application.hpp"
#include "server/gateway/api/routes.hpp"
#include "server/gateway/net/gateway.hpp"
#include "server/logging/log.hpp"
#include "server/metrics/metrics.hpp"
#include "server/process/certificate.hpp"
#include "server/process/data_folder.hpp"
#include "server/process/housekeeping.hpp"
#include "server/process/settings.hpp"

namespace sotto::server {
namespace {

std::unique_ptr<OtpSender> make_otp_sender(const Config& config, Metrics& metrics) {
  if (config.otp_sender == OtpSenderKind::webhook)
    return std::make_unique<WebhookOtpSender>(webhook_options_of(config), metrics);
  return std::make_unique<ConsoleOtpSender>(std::cout, metrics);
}

void warn_of_certificate(const std::string& file) {
  if (const auto warning = certificate_warning(file, wall_clock_now()))
    log::warn("certificate", {{"warning", log::text(*warning)}});
}

}  // namespace

/// In the order in which they need each other; destroyed in the opposite one.
struct ServerProcess::Parts {
  Parts(const Config& config, std::string version, std::unique_ptr<Metrics> counters,
        std::unique_ptr<EmbeddedStorage> opened)
      : metrics_held(std::move(counters)),
        metrics(*metrics_held),
        storage(std::move(opened)),
        otp_sender(make_otp_sender(config, metrics)),
        app(limits_of(config), config.dev,
            {.storage = *storage,
             .registry = registry,
             .otp_sender = *otp_sender,
             .push_sender = push_sender,
             .random = system_random(),
             .metrics = metrics}),
        process{std::move(version), [this, data = config.data] { return not_ready(data); },
                config.metrics_token.clone()},
        api(make_rest_api(app, process, Cors(config.allowed_origins))),
        gateway(gateway_config_of(config), metrics),
        certificate(config.tls_certificate),
        listen(config.listen),
        drain_timeout(config.drain_timeout) {}

  std::optional<std::string> not_ready(const std::string& data) const {
    if (draining.load(std::memory_order_relaxed)) return "the server is shutting down";
    return disk_problem(data);
  }

  [[nodiscard]] Milliseconds uptime() const {
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - started);
  }

  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::unique_ptr<Metrics> metrics_held;
  Metrics& metrics;
  std::unique_ptr<EmbeddedStorage> storage;
  std::unique_ptr<OtpSender> otp_sender;
  LogPushSender push_sender;
  MemorySessionRegistry registry;
  Application app;
  ProcessState process;
  RestApi api;
  Gateway gateway;
  std::optional<Housekeeping> housekeeping;

  std::string certificate;  ///< its file; empty without TLS
  Endpoint listen;
  Milliseconds drain_timeout;
  std::atomic<bool> draining{false};
};

ServerProcess::ServerProcess(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ServerProcess::~ServerProcess() = default;

Result<std::unique_ptr<ServerProcess>, std::string> ServerProcess::start(const Config& config,
                                                                         std::string version) {
  if (auto problem = prepare_data_folder(config.data)) return *problem;
  auto metrics = std::make_unique<Metrics>();
  metrics->watch("sotto_log_lines_dropped", "Lines of the log dropped because their reader was too slow.",
                 [] { return static_cast<double>(log::dropped_lines()); });

  EmbeddedOptions options;
  options.path = config.data + "/" + std::string(kDatabaseName);
  options.threads.node = static_cast<std::uint32_t>(config.node_id);
  options.readers = static_cast<unsigned>(config.storage_readers);
  options.max_clock_lag = config.max_clock_lag;
  options.joined_log = config.joined_log;
  options.threads.metrics = metrics.get();
  auto storage = EmbeddedStorage::open(std::move(options));
  if (!storage) return storage.error().text;

  auto parts = std::make_unique<Parts>(config, std::move(version), std::move(metrics), std::move(*storage));
  Parts& p = *parts;
  p.storage->start(p.gateway.events());
  const auto listening = p.gateway.start(p.app, p.api);
  if (!listening) {
    p.storage->close();
    return listening.error();
  }
  if (!p.certificate.empty()) warn_of_certificate(p.certificate);
  p.housekeeping.emplace(*p.storage, [&p](Store& store, WriteContext& context) {
    RetentionService& retention = p.app.services.retention;
    const bool doubted = retention.doubts_the_clock();
    const bool more = retention.step(store, context, p.uptime());
    if (!doubted && retention.doubts_the_clock()) {
      log::error("clock_jumped", {{"consequence",
                                   "nothing is deleted for its age until the server has run for a "
                                   "day with this clock; see max_clock_jump"}});
    }
    return more;
  });
  return std::unique_ptr<ServerProcess>(new ServerProcess(std::move(parts)));
}

std::string ServerProcess::url() const {
  return (parts_->certificate.empty() ? "http://" : "https://") +
         to_string(Endpoint{parts_->listen.address, parts_->gateway.port()});
}

void ServerProcess::reload() {
  if (parts_->certificate.empty()) return;
  const auto reloaded = parts_->gateway.reload_certificate();
  if (!reloaded) {
    log::error("certificate_not_reloaded", {{"reason", log::text(reloaded.error())}});
    return;
  }
  log::info("certificate_reloaded", {{"file", log::text(parts_->certificate)}});
  warn_of_certificate(parts_->certificate);
}

void ServerProcess::shut_down() {
  Parts& p = *parts_;
  p.draining = true;
  p.gateway.drain(p.drain_timeout);
  p.housekeeping->stop();
  p.gateway.stop();
  // Last, since the jobs it still runs answer to the parts above.
  p.storage->close();
}

}  // namespace sotto::server
