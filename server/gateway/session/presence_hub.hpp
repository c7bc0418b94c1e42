// The one owner of PresenceService: gives it what sessions report, and carries out what it decides.
//
// Thread rules: one thread, the first shard's. Storage jobs call back through `post`.
#pragma once

#include <functional>
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
  void carry_out(PresenceEffects&& effects);
  void look_again(PresenceService::Watch watch);
  void write_seen();

  Application& app_;
  Effects effects_;
  PresenceService presence_;
  std::vector<LastSeen> unwritten_;     // the writer's queue was full
  std::vector<UserId> looked_at_anew_;  // the readers' queue was full
};

}  // namespace sotto::server
