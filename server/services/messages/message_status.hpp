// What status a message has for the person it is shown to (MessageView). One object for one page: it loads
// each conversation's memberships and read positions once.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "server/model/conversation.hpp"
#include "server/model/message.hpp"
#include "server/ports/store.hpp"

namespace sotto::server {

class MessageStatus {
 public:
  MessageStatus(const Store& store, UserId viewer) : store_(store), viewer_(viewer) {}

  MessageView view(MessagePtr message);

 private:
  struct Standing {
    UserId user;
    Period period;
    MessageId read_up_to;
  };

  MessageId own_position(ConversationId conversation);
  const std::vector<Standing>& standings(ConversationId conversation);
  Status of_own(const StoredMessage& message);

  const Store& store_;
  UserId viewer_;
  std::unordered_map<ConversationId, MessageId> positions_;
  std::unordered_map<ConversationId, std::vector<Standing>> standings_;
};

}  // namespace sotto::server
