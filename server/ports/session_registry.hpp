// The routing table: which connections a user has on which node and thread.
//
//   std::optional<Location> older = registry.add(user, {session, device});
//   if (older) close(older->session, 4002);      // a newer connection of the device wins
//   ...
//   registry.remove(user, session);
//
// Thread rules: all methods from any thread.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "server/model/identity.hpp"

namespace sotto::server {

struct Location {
  SessionRef session;
  DeviceId device;
};

class SessionRegistry {
 public:
  virtual ~SessionRegistry() = default;
  /// The connection of the same device that this one replaces.
  virtual std::optional<Location> add(UserId user, const Location& location) = 0;
  /// Does nothing if the connection has been replaced or was never there.
  virtual void remove(UserId user, SessionRef session) = 0;
  [[nodiscard]] virtual std::vector<Location> find(UserId user) const = 0;
  /// `visit(index, locations)` for every user, in order; no locations: not connected.
  virtual void find_all(std::span<const UserId> users,
                        const std::function<void(std::size_t, std::span<const Location>)>& visit) const = 0;
};

}  // namespace sotto::server
