#include "server/gateway/session/dispatcher.hpp"

#include <utility>
#include <variant>

#include "server/gateway/session/frames.hpp"
#include "server/ports/store.hpp"

namespace sotto::server {

namespace {

class PushJob final : public ReadJob {
 public:
  PushJob(std::vector<UserId> users, PushSender& sender, Metrics& metrics)
      : users_(std::move(users)), sender_(sender), metrics_(metrics) {}
  void run(const Store& store, Timestamp) override { notices_ = PushService::notices(store, users_); }
  void done(bool read) override {
    if (!read) return;  // the message is safe; the device fetches it when it comes
    metrics_.pushes.add(notices_.size());
    for (PushNotice& notice : notices_)
      sender_.send(std::move(notice));
  }

 private:
  std::vector<UserId> users_;
  PushSender& sender_;
  Metrics& metrics_;
  std::vector<PushNotice> notices_;
};

}  // namespace

Dispatcher::Dispatcher(Application& app, const DeviceLimits& devices)
    : app_(app), metrics_(app.ports.metrics), rates_(devices) {}

void Dispatcher::attach(std::vector<Shard*> shards) {
  shards_ = std::move(shards);
  targets_.resize(shards_.size());
  ShardDriver& first = shards_.front()->driver();
  hub_.emplace(app_, PresenceHub::Effects{
                         .post = [&first](std::function<void()> work) { first.post(std::move(work)); },
                         .tell = [this](const std::vector<PresenceNotice>& notices) { tell(notices); },
                         .now = [&first] { return first.now(); },
                     });
}

// ---------------------------------------------------------------- a batch

void Dispatcher::committed(std::shared_ptr<const EventBatch> batch) {
  for (std::uint32_t i = 0; i < batch->events.size(); ++i) {
    std::visit([this, i](const auto& event) { address(i, event); }, batch->events[i]);
  }
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (targets_[i].empty()) continue;
    auto delivery = std::make_shared<const Delivery>(Delivery{batch, std::exchange(targets_[i], {})});
    shards_[i]->driver().post(
        [shard = shards_[i], delivery = std::move(delivery)] { shard->deliver(*delivery); });
  }
}

void Dispatcher::target(std::uint32_t index, SessionRef session, bool whole) {
  if (session.thread >= targets_.size()) return;
  targets_[session.thread].push_back({.event = index, .connection = session.connection, .whole = whole});
}

void Dispatcher::address(std::uint32_t index, const MessageAnswered& event) {
  target(index, event.session);
}

void Dispatcher::address(std::uint32_t index, const ElementStored& event) {
  const Audience& audience = event.audience;
  people_.assign(audience.people.begin(), audience.people.end());
  if (audience.members_of) {
    for (const Member& member : audience.members_of->members)
      people_.push_back(member.user);
  }
  offline_.clear();
  app_.ports.registry.find_all(people_, [&](std::size_t i, std::span<const Location> locations) {
    if (locations.empty()) {
      offline_.push_back(people_[i]);
      return;
    }
    const bool whole = is_shown_whole(event.element.value, people_[i]);
    for (const Location& location : locations) {
      if (location.device != audience.except) target(index, location.session, whole);
    }
  });
  if (offline_.empty()) return;
  if (const auto* view = std::get_if<MessageView>(&event.element.value)) wake_devices(*view->message);
}

void Dispatcher::wake_devices(const StoredMessage& message) {
  std::vector<UserId> wanted = push_.wanted(message.sender, offline_, message.created_at());
  if (wanted.empty()) return;
  std::unique_ptr<ReadJob> job =
      std::make_unique<PushJob>(std::move(wanted), app_.ports.push_sender, metrics_);
  (void)app_.ports.storage.read(job);  // too busy: the device fetches the message when it comes
}

void Dispatcher::address(std::uint32_t index, const DeviceRevoked& event) {
  for (const Location& location : app_.ports.registry.find(event.user)) {
    if (location.device == event.device) target(index, location.session);
  }
}

void Dispatcher::address(std::uint32_t, const VisibilityChanged& event) {
  on_hub([user = event.user](PresenceHub& hub) { hub.visibility_changed(user); });
}

// ---------------------------------------------------------------- between shards

void Dispatcher::supersede(SessionRef older) {
  Shard* shard = shards_[older.thread];
  shard->driver().post([shard, older] {
    if (Session* session = shard->find(older)) {
      session->close(close_code::kSuperseded, "a newer connection of this device has come");
    }
  });
}

void Dispatcher::typing(const Caller& from, const ConversationState& conversation) {
  std::vector<UserId> others;
  for (const Member& member : conversation.members) {
    if (member.user != from.user) others.push_back(member.user);
  }
  std::vector<std::vector<std::uint64_t>> connections(shards_.size());
  app_.ports.registry.find_all(others, [&](std::size_t, std::span<const Location> locations) {
    for (const Location& location : locations) {
      connections[location.session.thread].push_back(location.session.connection);
    }
  });
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (connections[i].empty()) continue;
    shards_[i]->driver().post([shard = shards_[i], from, id = conversation.id,
                               to = std::move(connections[i])] { shard->tell_typing(from, id, to); });
  }
}

void Dispatcher::on_hub(std::function<void(PresenceHub&)> work) {
  shards_.front()->driver().post([this, work = std::move(work)] { work(*hub_); });
}

void Dispatcher::heartbeat(UserId user, SessionRef session) {
  on_hub([user, session](PresenceHub& hub) { hub.heartbeat(user, session); });
}

void Dispatcher::gone(UserId user, SessionRef session) {
  on_hub([user, session](PresenceHub& hub) { hub.gone(user, session); });
}

void Dispatcher::watch(SessionRef session, UserId viewer, std::vector<PresenceView> views) {
  on_hub(
      [session, viewer, views = std::move(views)](PresenceHub& hub) { hub.watch(session, viewer, views); });
}

void Dispatcher::housekeeping(std::uint32_t shard) {
  if (shard == 0) hub_->tick();
}

void Dispatcher::tell(const std::vector<PresenceNotice>& notices) {
  std::vector<std::vector<PresenceNotice>> by_shard(shards_.size());
  for (const PresenceNotice& notice : notices)
    by_shard[notice.to.thread].push_back(notice);
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (by_shard[i].empty()) continue;
    shards_[i]->driver().post(
        [shard = shards_[i], to = std::move(by_shard[i])] { shard->tell_presence(to); });
  }
}

}  // namespace sotto::server
