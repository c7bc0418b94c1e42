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
  for (PresenceService::Watch& watch : presence_.affected_by(user))
    look_again(std::move(watch));
}

void PresenceHub::look_again(PresenceService::Watch watch) {
  const SessionRef session = watch.session;
  std::vector<UserId> users = watch.users;
  std::unique_ptr<ReadJob> job = std::make_unique<LookJob>(
      watch.viewer, std::move(users), [this, session](std::vector<PresenceView> views) {
        effects_.post([this, session, views = std::move(views)] {
          PresenceEffects effects;
          presence_.refresh(session, views, effects);
          carry_out(std::move(effects));
        });
      });
  if (app_.ports.storage.read(job)) return;
  looked_at_anew_.push_back(watch.viewer);
}

void PresenceHub::tick() {
  PresenceEffects effects;
  presence_.tick(effects_.now(), effects);
  carry_out(std::move(effects));
  std::vector<UserId> again = std::exchange(looked_at_anew_, {});
  std::ranges::sort(again);
  again.erase(std::unique(again.begin(), again.end()), again.end());
  for (const UserId user : again)
    visibility_changed(user);
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
