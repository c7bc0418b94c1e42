#include "server/services/presence/presence_service.hpp"

#include <algorithm>
#include <utility>

#include "base/mutant.hpp"
#include "server/ports/store.hpp"

namespace sotto::server {

void PresenceService::heartbeat(UserId user, SessionRef session, Timestamp now, PresenceEffects& effects) {
  auto [place, came] = online_.try_emplace(user);
  place->second.heartbeats[session] = now;
  if (!came) return;
  place->second.written_at = now;
  tell(user, true, std::nullopt, effects);
}

void PresenceService::closed(UserId user, SessionRef session, Timestamp now, PresenceEffects& effects) {
  stop_watching(session);
  auto found = online_.find(user);
  if (found == online_.end() || found->second.heartbeats.erase(session) == 0) return;
  if (found->second.heartbeats.empty()) gone(user, now, effects);
}

void PresenceService::tick(Timestamp now, PresenceEffects& effects) {
  std::vector<std::pair<UserId, Timestamp>> silent;
  for (auto& [user, present] : online_) {
    Timestamp last{};
    for (const auto& [session, at] : present.heartbeats)
      last = std::max(last, at);
    std::erase_if(present.heartbeats,
                  [&](const auto& heartbeat) { return now - heartbeat.second >= limits_.presence_ttl; });
    if (present.heartbeats.empty()) {
      silent.emplace_back(user, last);
    } else if (now - present.written_at >= limits_.last_seen_interval) {
      present.written_at = now;
      effects.seen.push_back({user, now});
    }
  }
  for (const auto& [user, last] : silent)
    gone(user, last, effects);
}

void PresenceService::gone(UserId user, Timestamp at, PresenceEffects& effects) {
  online_.erase(user);
  effects.seen.push_back({user, at});
  if (mutant(Mutant::presence_not_taken_back)) return;
  tell(user, false, at, effects);
}

void PresenceService::tell(UserId user, bool online, std::optional<Timestamp> last_seen,
                           PresenceEffects& effects) {
  auto watchers = watchers_.find(user);
  if (watchers == watchers_.end()) return;
  for (const SessionRef session : watchers->second) {
    PresenceView& view = watching_.at(session).users.at(user);
    if (last_seen) view.last_seen_at = last_seen;
    if (view.visible) effects.notices.push_back({session, user, online, view.last_seen_at});
  }
}

PresenceNotice PresenceService::notice(SessionRef session, const PresenceView& view) const {
  if (!view.visible) return {session, view.user, false, std::nullopt};
  return {session, view.user, online(view.user), view.last_seen_at};
}

void PresenceService::subscribe(SessionRef session, UserId viewer, std::span<const PresenceView> views,
                                PresenceEffects& effects) {
  stop_watching(session);
  if (views.empty()) return;
  Watching& watching = watching_[session];
  watching.viewer = viewer;
  viewers_[viewer].push_back(session);
  for (const PresenceView& view : views) {
    if (!watching.users.emplace(view.user, view).second) continue;  // named twice
    watchers_[view.user].push_back(session);
    effects.notices.push_back(notice(session, view));
  }
}

void PresenceService::refresh(SessionRef session, std::span<const PresenceView> views,
                              PresenceEffects& effects) {
  auto watching = watching_.find(session);
  if (watching == watching_.end()) return;
  for (const PresenceView& view : views) {
    auto known = watching->second.users.find(view.user);
    if (known == watching->second.users.end()) continue;
    const bool changed = known->second.visible != view.visible;
    known->second = view;
    if (changed) effects.notices.push_back(notice(session, view));
  }
}

void PresenceService::stop_watching(SessionRef session) {
  auto watching = watching_.find(session);
  if (watching == watching_.end()) return;
  const auto take_out = [session](auto& index, UserId user) {
    const auto sessions = index.find(user);
    std::erase(sessions->second, session);
    if (sessions->second.empty()) index.erase(sessions);
  };
  for (const auto& [user, view] : watching->second.users)
    take_out(watchers_, user);
  take_out(viewers_, watching->second.viewer);
  watching_.erase(watching);
}

std::vector<PresenceService::Watch> PresenceService::affected_by(UserId user) const {
  std::vector<Watch> affected;
  if (const auto own = viewers_.find(user); own != viewers_.end()) {
    for (const SessionRef session : own->second) {
      Watch watch{session, user, {}};
      for (const auto& [watched, view] : watching_.at(session).users)
        watch.users.push_back(watched);
      affected.push_back(std::move(watch));
    }
  }
  if (const auto others = watchers_.find(user); others != watchers_.end()) {
    for (const SessionRef session : others->second) {
      const UserId viewer = watching_.at(session).viewer;
      if (viewer != user) affected.push_back({session, viewer, {user}});
    }
  }
  return affected;
}

std::vector<PresenceView> PresenceService::look(const Store& store, UserId viewer,
                                                std::span<const UserId> users) {
  std::vector<PresenceView> views;
  views.reserve(users.size());
  for (const UserId id : users) {
    PresenceView view{id, false, std::nullopt};
    const std::optional<User> user = store.accounts().find_user(id);
    if (user && !user->deleted) {
      const ContactStore& contacts = store.contacts();
      const LastSeenPrivacy privacy = user->privacy.last_seen;
      const bool shared = privacy == LastSeenPrivacy::everyone ||
                          (privacy == LastSeenPrivacy::contacts && contacts.has_contact(id, viewer));
      view.visible =
          id == viewer || (shared && !contacts.is_blocked(id, viewer) && !contacts.is_blocked(viewer, id));
      if (view.visible) view.last_seen_at = user->last_seen_at;
    }
    views.push_back(view);
  }
  return views;
}

void PresenceService::record(Store& store, std::span<const LastSeen> seen) {
  for (const LastSeen& item : seen)
    store.accounts().set_last_seen(item.user, item.at);
}

}  // namespace sotto::server
