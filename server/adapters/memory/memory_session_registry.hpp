// The routing table of one node, in memory.
#pragma once

#include <array>
#include <mutex>
#include <unordered_map>

#include "server/ports/session_registry.hpp"

namespace sotto::server {

class MemorySessionRegistry final : public SessionRegistry {
 public:
  std::optional<Location> add(UserId user, const Location& location) override;
  void remove(UserId user, SessionRef session) override;
  [[nodiscard]] std::vector<Location> find(UserId user) const override;
  void find_all(std::span<const UserId> users,
                const std::function<void(std::size_t, std::span<const Location>)>& visit) const override;

 private:
  // The io threads and the dispatcher all read it for every message, so it cannot belong to one of them. A
  // lock guards one slice of the users, for a few instructions and never across a call to anybody else.
  static constexpr std::size_t kSlices = 16;
  struct Slice {
    mutable std::mutex lock;
    std::unordered_map<UserId, std::vector<Location>> users;
  };
  Slice& slice_of(UserId user) { return slices_[std::hash<UserId>{}(user) % kSlices]; }
  [[nodiscard]] const Slice& slice_of(UserId user) const {
    return slices_[std::hash<UserId>{}(user) % kSlices];
  }

  std::array<Slice, kSlices> slices_;
};

}  // namespace sotto::server
