// Brings what was committed to the sessions it concerns, wherever they live: one post for each shard and
// batch.
//
//   Dispatcher dispatcher(app, device_limits);
//   dispatcher.attach({&shard0, &shard1});
//   storage.start(dispatcher);              // EventSink
//
// It also carries what shards tell each other: a superseded connection, typing, presence. Who is connected it
// asks the SessionRegistry; recipients without a connection are handed to the PushSender.
//
// Thread rules: `committed` on the storage's writer thread, one at a time; what ShardPeers declares from any
// thread; `attach` before everything else.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "server/application/application.hpp"
#include "server/gateway/session/presence_hub.hpp"
#include "server/gateway/session/shard.hpp"
#include "server/ports/event_sink.hpp"
#include "server/services/presence/push_service.hpp"

namespace sotto::server {

class Dispatcher final : public EventSink, public ShardPeers {
 public:
  /// `devices`: what each may send; without it there is no limit.
  explicit Dispatcher(Application& app, const DeviceLimits& devices = {});
  void attach(std::vector<Shard*> shards);

  // ---- EventSink
  void committed(std::shared_ptr<const EventBatch> batch) override;

  // ---- ShardPeers
  void supersede(SessionRef older) override;
  void typing(const Caller& from, const ConversationState& conversation) override;
  void heartbeat(UserId user, SessionRef session) override;
  void gone(UserId user, SessionRef session) override;
  void watch(SessionRef session, UserId viewer, std::vector<PresenceView> views) override;
  std::shared_ptr<DeviceRate> rate_of(DeviceId device, Timestamp now) override {
    return rates_.of(device, now);
  }
  void housekeeping(std::uint32_t shard) override;

 private:
  void address(std::uint32_t index, const MessageAnswered& event);
  void address(std::uint32_t index, const ElementStored& event);
  void address(std::uint32_t index, const DeviceRevoked& event);
  void address(std::uint32_t index, const VisibilityChanged& event);
  void target(std::uint32_t index, SessionRef session, bool whole = true);
  void wake_devices(const StoredMessage& message);
  void tell(const std::vector<PresenceNotice>& notices);
  void on_hub(std::function<void(PresenceHub&)> work);

  Application& app_;
  Metrics& metrics_;
  std::vector<Shard*> shards_;
  std::optional<PresenceHub> hub_;  // on the first shard's thread
  PushService push_;
  DeviceRates rates_;

  // Of the batch being addressed.
  std::vector<std::vector<Delivery::Target>> targets_;  // by shard
  std::vector<UserId> people_;
  std::vector<UserId> offline_;
};

}  // namespace sotto::server
