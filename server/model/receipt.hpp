// Delivered and read: who has come how far.
#pragma once

#include "server/model/message.hpp"

namespace sotto::server {

/// One element of the audience's stream. `delivered`: this message. `read`: everything up to it.
struct Receipt {
  ReceiptId id;
  UserId audience;  ///< who is told: the sender; of a `read` also the reader's own other devices
  ConversationId conversation;
  MessageId message;
  UserId user;  ///< who received or read
  Status status = Status::delivered;
  Timestamp updated_at{};
};

/// Drill-down: where one member stands with one message.
struct MemberStatus {
  UserId user;
  Status status = Status::sent;  ///< `sent`: nothing yet
  Timestamp updated_at{};        ///< of a `sent`: when the message was stored
};

}  // namespace sotto::server
