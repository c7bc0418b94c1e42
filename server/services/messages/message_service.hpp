// Accepting a message: the one place where a message comes into being.
//
// In one write job: the key is looked up (a retry gets the first ack again), the conversation found or, for a
// receiver, made, membership and blocks checked, an id assigned, message and mailboxes written, the event
// published. The ack is the caller's to send, once the job's batch is durable.
#pragma once

#include "server/model/limits.hpp"
#include "server/model/message.hpp"
#include "server/model/service_error.hpp"
#include "server/ports/storage.hpp"
#include "server/services/conversations/conversation_service.hpp"

namespace sotto::server {

class MessageService {
 public:
  MessageService(const Limits& limits, ConversationService& conversations)
      : limits_(limits), conversations_(conversations) {}

  ServiceResult<Ack> accept(Store& store, WriteContext& context, const Caller& caller,
                            const NewMessage& message);

 private:
  [[nodiscard]] ServiceResult<void> check_values(const NewMessage& message) const;
  ServiceResult<ConversationPtr> resolve(Store& store, WriteContext& context, const Caller& caller,
                                         const NewMessage& message);

  Limits limits_;
  ConversationService& conversations_;
};

}  // namespace sotto::server
