// Who is here. Online: some connection of the person sent a heartbeat within the TTL. Last seen is written
// when the last connection goes and once an hour while online, never at each heartbeat.
//
//   presence.heartbeat(user, session, now, effects);      // at connecting and every 60 s
//   presence.subscribe(session, viewer, PresenceService::look(store, viewer, ids), effects);
//   presence.tick(now, effects);                          // every few seconds
//   for (auto& n : effects.notices) push(n.to, n);        for (auto& s : effects.seen) storage.write(...);
//
// Sans-I/O, one owner. What a viewer may see is decided by `look` in a read job, when subscribing and again
// when VisibilityChanged is published for somebody who is watched; somebody hidden looks like somebody who is
// offline and was never here.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "server/model/limits.hpp"
#include "server/model/service_error.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

/// What the store says of one person, to one viewer.
struct PresenceView {
  UserId user;
  bool visible = false;
  std::optional<Timestamp> last_seen_at;
};

struct PresenceNotice {
  SessionRef to;
  UserId user;
  bool online = false;
  std::optional<Timestamp> last_seen_at;
};

struct LastSeen {
  UserId user;
  Timestamp at;
};

struct PresenceEffects {
  std::vector<PresenceNotice> notices;
  std::vector<LastSeen> seen;  ///< to be written with PresenceService::record
};

class PresenceService {
 public:
  explicit PresenceService(const Limits& limits) : limits_(limits) {}

  void heartbeat(UserId user, SessionRef session, Timestamp now, PresenceEffects& effects);
  /// The connection is gone, and what it watched.
  void closed(UserId user, SessionRef session, Timestamp now, PresenceEffects& effects);
  /// Heartbeats that did not come, and the hourly last seen.
  void tick(Timestamp now, PresenceEffects& effects);

  /// Replaces what the connection watched; a notice for each.
  void subscribe(SessionRef session, UserId viewer, std::span<const PresenceView> views,
                 PresenceEffects& effects);
  /// The same people looked at anew: a notice for each whose visibility changed.
  void refresh(SessionRef session, std::span<const PresenceView> views, PresenceEffects& effects);

  struct Watch {
    SessionRef session;
    UserId viewer;
    std::vector<UserId> users;
  };
  /// What has to be looked at anew when this person's privacy, contacts or blocks have changed: their
  /// watchers, and their own watching.
  [[nodiscard]] std::vector<Watch> affected_by(UserId user) const;
  [[nodiscard]] bool online(UserId user) const { return online_.contains(user); }

  /// In a read job.
  [[nodiscard]] static std::vector<PresenceView> look(const Store& store, UserId viewer,
                                                      std::span<const UserId> users);
  /// In a write job.
  static void record(Store& store, std::span<const LastSeen> seen);

 private:
  struct Present {
    std::map<SessionRef, Timestamp> heartbeats;
    Timestamp written_at{};  // when last seen was last written
  };
  struct Watching {
    UserId viewer;
    std::map<UserId, PresenceView> users;
  };

  void gone(UserId user, Timestamp at, PresenceEffects& effects);
  void tell(UserId user, bool online, std::optional<Timestamp> last_seen, PresenceEffects& effects);
  void stop_watching(SessionRef session);
  [[nodiscard]] PresenceNotice notice(SessionRef session, const PresenceView& view) const;

  Limits limits_;
  std::unordered_map<UserId, Present> online_;
  std::map<SessionRef, Watching> watching_;
  std::unordered_map<UserId, std::vector<SessionRef>> watchers_;  // by whom they watch
  std::unordered_map<UserId, std::vector<SessionRef>> viewers_;   // by who they are
};

}  // namespace sotto::server
