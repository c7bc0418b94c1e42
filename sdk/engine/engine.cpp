#include "sdk/engine/engine.hpp"

#include "sdk/engine/engine_impl.hpp"

namespace sotto::engine {

Engine::Engine(std::shared_ptr<store::Store> store, Random& random, EngineOptions options)
    : impl_(std::make_unique<Impl>(std::move(store), random, std::move(options))) {}

Engine::~Engine() = default;

// ---------------------------------------------------------------- inputs from the driver

Result<void> Engine::start(Now now) {
  return impl_->start(now);
}

void Engine::on_connected(ConnectionNumber connection, Now now) {
  if (!impl_->is_running()) return;
  impl_->run(now, [&] {
    if (impl_->session.is_current(connection)) impl_->session.on_connected();
  });
}

void Engine::on_frame(ConnectionNumber connection, ByteView frame, Now now) {
  if (!impl_->is_running()) return;
  impl_->run(now, [&] {
    if (impl_->session.is_current(connection)) impl_->stream.on_frame(frame);
  });
}

void Engine::on_pong(ConnectionNumber connection, Now now) {
  if (!impl_->is_running()) return;
  impl_->run(now, [&] {
    if (impl_->session.is_current(connection)) impl_->session.on_pong();
  });
}

void Engine::on_closed(ConnectionNumber connection, CloseReason reason, Now now) {
  if (!impl_->is_running()) return;
  impl_->run(now, [&] {
    if (!impl_->session.is_current(connection)) return;
    // What has arrived is good: applying it means progress even on a connection that never lasts.
    impl_->stream.apply_batch();
    impl_->session.on_closed(reason);
  });
}

void Engine::on_response(RequestNumber request, HttpResponse response, Now now) {
  if (!impl_->is_running()) return;
  impl_->run(now, [&] { impl_->requests.on_response(request, std::move(response)); });
}

void Engine::on_request_failed(RequestNumber request, Error error, Now now) {
  if (!impl_->is_running()) return;
  impl_->run(now, [&] { impl_->requests.on_failed(request, error); });
}

void Engine::on_timer(Now now) {
  if (!impl_->is_running()) return;
  impl_->run(now, [] {});
}

void Engine::network_changed(Now now) {
  if (!impl_->is_running()) return;
  impl_->run(now, [&] { impl_->session.network_changed(); });
}

void Engine::batch(Now now, const std::function<void()>& inputs) {
  impl_->run(now, inputs);
}

// ---------------------------------------------------------------- outputs and state

std::vector<Effect> Engine::take_effects() {
  return impl_->core.take_effects();
}

std::vector<Event> Engine::take_events() {
  return impl_->core.take_events();
}

std::optional<Milliseconds> Engine::next_deadline() const {
  return impl_->next_deadline();
}

std::optional<Account> Engine::account() const {
  const auto& account = impl_->core.account;
  return account && account->signed_in() ? std::optional(account->account) : std::nullopt;
}

ConnectionState Engine::connection_state() const {
  return impl_->session.state();
}

Metrics Engine::metrics() const {
  Metrics metrics = impl_->core.metrics;
  metrics.send_p50 = impl_->outbox.send_percentile(50);
  metrics.send_p95 = impl_->outbox.send_percentile(95);
  return metrics;
}

std::optional<Milliseconds> Engine::clock_skew() const {
  return impl_->session.clock_skew();
}

}  // namespace sotto::engine
