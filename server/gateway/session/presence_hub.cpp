#include "server/gateway/session/presence_hub.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "server/gateway/session/session_jobs.hpp"

namespace sotto::server {

namespace {

class LastSeenJob final : public WriteJob {
 public:
  explicit LastSeenJob(std::vector<LastSeen> seen) : seen_(std::move(seen)) {}
  void run(Store& store, WriteContext&) override { PresenceService::record(store, seen_); }
  void done(bool) override {}  // lost with a failed batch: the next one comes within the hour
  std::vector<LastSeen> take() && { return std::move(seen_); }

 private:
  std::vector<LastSeen> seen_;
};

/// When everybody leaves at once and nothing can be written, the oldest are let go.
constexpr std::size_t kMaxUnwritten = 100'000;

}  // namespace

void PresenceHub::heartbeat(UserId user, SessionRef session) {
  PresenceEffects effects;
  presence_.heartbeat(user, session, effects_.now(), effects);
  carry_out(std::move(effects));
}

void PresenceHub::gone(UserId user, SessionRef session) {
  PresenceEffects effects;
  presence_.closed(user, session, effects_.now(), effects);
  carry_out(std::move(effects));
}

void PresenceHub::watch(SessionRef session, UserId viewer, std::span<const PresenceView> views) {
  PresenceEffects effects;
  presence_.subscribe(session, viewer, views, effects);
  carry_out(std::move(effects));
}

void PresenceHub::visibility_changed(UserId user) {
  for (const PresenceService::Watch& watch : presence_.affected_by(user)) {
    Looking& looking = looking_[watch.session];
    looking.viewer = watch.viewer;
    looking.due.insert(watch.users.begin(), watch.users.end());
    look(watch.session);
  }
}

void PresenceHub::look(SessionRef session) {
  Looking& looking = looking_.at(session);
  if (looking.under_way) return;
  looking.under_way = true;
  std::set<UserId> due = std::exchange(looking.due, {});
  std::unique_ptr<ReadJob> job = std::make_unique<LookJob>(
      looking.viewer, std::vector<UserId>(due.begin(), due.end()),
      [this, session](std::vector<PresenceView> views) {
        effects_.post([this, session, views = std::move(views)] { looked(session, views); });
      });
  if (app_.ports.storage.read(job)) return;
  looking.under_way = false;
  looking.due = std::move(due);
}

void PresenceHub::looked(SessionRef session, std::span<const PresenceView> views) {
  PresenceEffects effects;
  presence_.refresh(session, views, effects);
  carry_out(std::move(effects));
  const auto found = looking_.find(session);
  found->second.under_way = false;
  if (found->second.due.empty())
    looking_.erase(found);
  else
    look(session);
}

void PresenceHub::tick() {
  PresenceEffects effects;
  presence_.tick(effects_.now(), effects);
  carry_out(std::move(effects));
  for (const auto& [session, looking] : looking_)
    look(session);
}

void PresenceHub::carry_out(PresenceEffects&& effects) {
  if (!effects.notices.empty()) effects_.tell(std::move(effects.notices));
  unwritten_.insert(unwritten_.end(), effects.seen.begin(), effects.seen.end());
  write_seen();
}

void PresenceHub::write_seen() {
  if (unwritten_.empty()) return;
  if (unwritten_.size() > kMaxUnwritten) {
    unwritten_.erase(unwritten_.begin(), unwritten_.end() - static_cast<std::ptrdiff_t>(kMaxUnwritten));
  }
  auto job = std::make_unique<LastSeenJob>(std::exchange(unwritten_, {}));
  LastSeenJob& ours = *job;
  std::unique_ptr<WriteJob> work = std::move(job);
  if (!app_.ports.storage.write(work)) unwritten_ = std::move(ours).take();
}

}  // namespace sotto::server
