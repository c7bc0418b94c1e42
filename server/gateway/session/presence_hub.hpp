// The one owner of PresenceService: gives it what sessions report, and carries out what it decides.
//
// Thread rules: one thread, the first shard's. Storage jobs call back through `post`.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "server/application/application.hpp"
#include "server/services/presence/presence_service.hpp"

namespace sotto::server {

class PresenceHub {
 public:
  struct Effects {
    std::function<void(std::function<void()>)> post;  ///< onto the hub's thread, from any
    std::function<void(std::vector<PresenceNotice>)> tell;
    std::function<Timestamp()> now;
  };
  PresenceHub(Application& app, Effects effects)
      : app_(app), effects_(std::move(effects)), presence_(app.limits) {}

  void heartbeat(UserId user, SessionRef session);
  void gone(UserId user, SessionRef session);
  void watch(SessionRef session, UserId viewer, std::span<const PresenceView> views);
  /// Privacy, contacts or blocks of this person changed.
  void visibility_changed(UserId user);
  void tick();

 private:
  /// What one watching connection is to be shown anew. Changes that come while a look is under way wait for
  /// it together, so that each connection has one job in the readers' queue at most, however often people
  /// change.
  struct Looking {
    UserId viewer;
    std::set<UserId> due;
    bool under_way = false;
  };

  void carry_out(PresenceEffects&& effects);
  void look(SessionRef session);
  void looked(SessionRef session, std::span<const PresenceView> views);
  void write_seen();

  Application& app_;
  Effects effects_;
  PresenceService presence_;
  std::vector<LastSeen> unwritten_;  // the writer's queue was full
  std::map<SessionRef, Looking>
      looking_;  // what is not under way waits for the next tick: the queue was full
};

}  // namespace sotto::server
