// Receipts and read positions.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "server/model/receipt.hpp"

namespace sotto::server {

struct ReadPosition {
  UserId user;
  MessageId read_up_to;
};

class ReceiptStore {
 public:
  virtual ~ReceiptStore() = default;

  /// False: this person's device has reported this message before; nothing was stored.
  virtual bool insert_delivered(const Receipt& receipt) = 0;
  virtual void insert_read(const Receipt& receipt) = 0;

  [[nodiscard]] virtual std::optional<ReceiptId> delivered(MessageId message, UserId user) const = 0;
  /// Those whose devices have the message, ascending.
  [[nodiscard]] virtual std::vector<UserId> delivered_to(MessageId message) const = 0;
  /// The person's first `read` that covered the message, of those told to their own devices.
  [[nodiscard]] virtual std::optional<ReceiptId> first_read(ConversationId conversation, UserId user,
                                                            MessageId message) const = 0;

  [[nodiscard]] virtual std::optional<ReadState> read_state(ConversationId conversation,
                                                            UserId user) const = 0;
  virtual void put_read_state(ConversationId conversation, UserId user, const ReadState& state) = 0;
  /// How far the others have been told, of everybody who has a read state, ascending by user.
  [[nodiscard]] virtual std::vector<ReadPosition> positions(ConversationId conversation) const = 0;
};

}  // namespace sotto::server
