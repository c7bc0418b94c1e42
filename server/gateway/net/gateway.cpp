#include "server/gateway/net/gateway.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <future>
#include <optional>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include "proto/frame_codec.hpp"
#include "server/application/application.hpp"
#include "server/gateway/net/connection.hpp"
#include "server/gateway/net/io_loop.hpp"
#include "server/gateway/net/listener.hpp"
#include "server/gateway/net/tls_context.hpp"
#include "server/gateway/session/dispatcher.hpp"
#include "server/logging/log.hpp"
#include "server/model/limits.hpp"

namespace sotto::server {

namespace {

/// While draining: how often it is looked whether all are gone. Nobody waits for it but a server that is
/// ending.
constexpr std::chrono::milliseconds kDrainLook{20};

/// Every connection is a file descriptor; the usual soft limit of 1024 is for programs that use select().
void allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

SessionSettings session_settings(const GatewayConfig& config, const Application& app) {
  return {.max_queued_bytes = config.max_queued_bytes,
          .ping_interval = config.ping_interval,
          .silence_limit = config.silence_limit,
          .heartbeat = app.limits.presence_heartbeat,
          .stream = app.ports.storage.stream()};
}

/// Where events go before there is anyone to tell: nowhere.
class LateEventSink final : public EventSink {
 public:
  void connect(EventSink* to) { to_.store(to, std::memory_order_release); }
  void committed(std::shared_ptr<const EventBatch> batch) override {
    if (EventSink* to = to_.load(std::memory_order_acquire)) to->committed(std::move(batch));
  }

 private:
  std::atomic<EventSink*> to_{nullptr};
};

}  // namespace

class Gateway::Impl {
 public:
  Impl(GatewayConfig config, Metrics& metrics) : config_(std::move(config)), metrics_(metrics) {}
  ~Impl() { stop(); }

  EventSink& events() { return events_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  Result<void, std::string> start(Application& app, HttpApi& api);
  Result<void, std::string> reload_certificate();
  void drain(std::chrono::milliseconds limit);
  void stop();

 private:
  /// `question` asked on every loop's thread; all answers are true.
  bool all_loops(const std::function<bool(IoLoop&)>& question);

  GatewayConfig config_;
  Metrics& metrics_;
  LateEventSink events_;
  std::optional<ClientCounts> clients_;
  std::optional<ConnectionContext> context_;
  std::optional<Dispatcher> dispatcher_;
  std::vector<std::shared_ptr<IoLoop>> loops_;
  std::shared_ptr<Listener> listener_;
  std::uint16_t port_ = 0;
  bool running_ = false;
};

Result<void, std::string> Gateway::Impl::start(Application& app, HttpApi& api) {
  std::optional<TlsContext> tls;
  if (config_.tls_certificate_file.empty() != config_.tls_key_file.empty()) {
    return std::string("TLS needs both a certificate and a key file");
  }
  if (!config_.tls_certificate_file.empty()) {
    auto loaded = TlsContext::load(config_.tls_certificate_file, config_.tls_key_file);
    if (!loaded) return loaded.error();
    tls = std::move(*loaded);
  }
  allow_many_files();
  std::signal(SIGPIPE,
              SIG_IGN);  // OpenSSL writes to the socket itself; a peer that is gone is an error there
  discard_protobuf_logs();

  context_.emplace(ConnectionContext{.config = config_,
                                     .app = app,
                                     .api = api,
                                     .metrics = metrics_,
                                     .clients = clients_.emplace(config_.max_connections_per_address)});
  dispatcher_.emplace(app, DeviceLimits{.frames_per_second = config_.frames_per_second,
                                        .frames_burst = std::max(config_.frames_burst, 1u),
                                        .bytes_per_second = config_.bytes_per_second,
                                        .bytes_burst = std::max<std::uint64_t>(config_.bytes_burst, 1)});
  const unsigned threads =
      config_.io_threads > 0 ? config_.io_threads : std::max(1u, std::thread::hardware_concurrency());
  const SessionSettings settings = session_settings(config_, app);
  std::vector<Shard*> shards;
  for (unsigned i = 0; i < threads; ++i) {
    auto loop = std::make_shared<IoLoop>(config_.io_uring);
    loop->set_shard(std::make_unique<Shard>(i, *loop, app, settings, *dispatcher_));
    shards.push_back(&loop->shard());
    loops_.push_back(std::move(loop));
  }
  dispatcher_->attach(std::move(shards));

  listener_ = std::make_shared<Listener>(loops_, *context_, std::move(tls));
  if (auto listening = listener_->listen(); !listening) {
    loops_.clear();
    listener_.reset();
    return listening;
  }
  port_ = listener_->port();
  running_ = true;
  events_.connect(&*dispatcher_);
  for (const auto& loop : loops_) {
    loop->post([shard = &loop->shard()] { shard->on_wake(); });  // its first turn asks for the next
    loop->start();
  }
  listener_->start();
  return {};
}

bool Gateway::Impl::all_loops(const std::function<bool(IoLoop&)>& question) {
  std::vector<std::future<bool>> answers;
  for (const auto& loop : loops_) {
    auto promise = std::make_shared<std::promise<bool>>();
    answers.push_back(promise->get_future());
    loop->post([&question, loop = loop.get(), promise] { promise->set_value(question(*loop)); });
  }
  bool all = true;
  for (auto& answer : answers)
    all = answer.get() && all;
  return all;
}

Result<void, std::string> Gateway::Impl::reload_certificate() {
  auto loaded = TlsContext::load(config_.tls_certificate_file, config_.tls_key_file);
  if (!loaded) return loaded.error();
  listener_->use(std::move(*loaded));
  return {};
}

void Gateway::Impl::drain(std::chrono::milliseconds limit) {
  if (!running_) return;
  const auto end = std::chrono::steady_clock::now() + limit;
  listener_->stop();
  all_loops([this](IoLoop& loop) {
    loop.drain_connections();
    loop.shard().drain(config_.reconnect_spread);
    loop.shard().flush_receipts();
    return true;
  });
  const auto idle = [](IoLoop& loop) {
    if (!loop.shard().receipts_idle()) loop.shard().flush_receipts();
    return loop.open_connections() == 0 && loop.shard().receipts_idle();
  };
  while (!all_loops(idle) && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(kDrainLook);
  std::size_t left = 0;
  for (const auto& loop : loops_)
    left += loop->open_connections();
  if (left > 0) log::warn("drain_incomplete", {{"connections", left}});
}

void Gateway::Impl::stop() {
  if (!running_) return;
  running_ = false;
  listener_->stop();
  events_.connect(nullptr);
  for (const auto& loop : loops_)
    loop->stop();
}

Gateway::Gateway(GatewayConfig config, Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(config), metrics)) {}
Gateway::~Gateway() = default;

EventSink& Gateway::events() {
  return impl_->events();
}
Result<void, std::string> Gateway::start(Application& app, HttpApi& api) {
  return impl_->start(app, api);
}
std::uint16_t Gateway::port() const {
  return impl_->port();
}
Result<void, std::string> Gateway::reload_certificate() {
  return impl_->reload_certificate();
}
void Gateway::drain(std::chrono::milliseconds limit) {
  impl_->drain(limit);
}
void Gateway::stop() {
  impl_->stop();
}

}  // namespace sotto::server
