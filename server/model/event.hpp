// What a batch of writes has changed, told after it is durable. One immutable batch for all who are
// interested, in the order of the writes, so that elements of the stream come in ascending order of ids.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "server/model/conversation.hpp"
#include "server/model/message.hpp"
#include "server/model/receipt.hpp"
#include "server/model/service_error.hpp"

namespace sotto::server {

/// The answer to a `message` frame. Refusals come this way too, so that a connection sees its answers in
/// order.
struct MessageAnswered {
  SessionRef session;
  Uuid key;
  ServiceResult<Ack> outcome;
};

/// For every device of every member, except the one that sent it.
struct MessageStored {
  MessagePtr message;
  ConversationPtr conversation;  ///< its members are the recipients
};

/// One frame's worth of receipts for one person, ascending by id.
struct ReceiptsStored {
  UserId audience;
  std::vector<Receipt> items;
};

struct ConversationChanged {
  ConversationChange change;
  std::vector<UserId> audience;  ///< members of now and those who were removed by it
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

using Event = std::variant<MessageAnswered, MessageStored, ReceiptsStored, ConversationChanged, DeviceRevoked,
                           VisibilityChanged>;

struct EventBatch {
  std::vector<Event> events;
};

}  // namespace sotto::server
