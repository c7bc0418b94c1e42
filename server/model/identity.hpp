// Who is asking, and from where.
#pragma once

#include <compare>
#include <cstdint>

#include "sotto/ids.hpp"

namespace sotto::server {

/// A receipt's and a change's id, and the place of any element of the stream: all from one generator.
using ReceiptId = Id<struct ReceiptIdTag>;
using ChangeId = Id<struct ChangeIdTag>;
using StreamId = Id<struct StreamIdTag>;

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
