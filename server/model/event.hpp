// What a batch of writes has changed, told after it is durable. One immutable batch for all who are
// interested, in the order of the writes, so that elements of the stream come in ascending order of places.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "server/model/service_error.hpp"
#include "server/model/stream.hpp"

namespace sotto::server {

/// The answer to a `message` frame. Refusals come this way too, so that a connection sees its answers in
/// order.
struct MessageAnswered {
  SessionRef session;
  Uuid key;
  ServiceResult<Ack> outcome;
};

/// An element that has come into the streams of its audience, as everybody in it is shown it (a change's
/// members excepted: ConversationChange).
struct ElementStored {
  StreamElement element;
  Audience audience;
};

/// Its connection is to be closed (4001): logged out, revoked, or its account deleted.
struct DeviceRevoked {
  UserId user;
  DeviceId device;
};

/// Privacy, contacts or blocks of this person changed: who may see their presence has to be asked again, and
/// what they may see.
struct VisibilityChanged {
  UserId user;
};

using Event = std::variant<MessageAnswered, ElementStored, DeviceRevoked, VisibilityChanged>;

struct EventBatch {
  std::vector<Event> events;
};

}  // namespace sotto::server
