// Who is asking, and from where.
#pragma once

#include <compare>
#include <cstdint>

#include "base/place.hpp"
#include "sotto/ids.hpp"

namespace sotto::server {

/// From the same generator as the ids of messages: on one node the id of a message, receipt or change is its
/// place in the stream too.
using ReceiptId = Id<struct ReceiptIdTag>;
using ChangeId = Id<struct ChangeIdTag>;

/// An authenticated device.
struct Caller {
  UserId user;
  DeviceId device;
  friend bool operator==(const Caller&, const Caller&) = default;
};

/// A connection of this process, as the gateway numbers them. Services only carry it back.
struct SessionRef {
  std::uint32_t thread = 0;      ///< which io thread owns the connection
  std::uint64_t connection = 0;  ///< unique in the process's life; 0 is none
  friend auto operator<=>(const SessionRef&, const SessionRef&) = default;
};

}  // namespace sotto::server
