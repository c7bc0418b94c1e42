// Groups: the calls that change them. The answer holds the new state, which is stored before the call ends;
// the change itself comes in the stream, to every device alike.
#pragma once

#include <string>
#include <vector>

#include "sdk/engine/core.hpp"
#include "sdk/engine/operations.hpp"
#include "sdk/engine/outbox/directory.hpp"
#include "sdk/engine/session/requests.hpp"
#include "sdk/engine/views/reading.hpp"

namespace sotto::engine {

class JsonObject;

class GroupCalls {
 public:
  GroupCalls(Core& core, Operations& operations, Requests& requests, Directory& directory, Reading& reading)
      : core_(core), operations_(operations), requests_(requests), directory_(directory), reading_(reading) {}

  OperationNumber create(const std::string& name, const std::vector<UserId>& members,
                         Reply<Conversation> reply);
  OperationNumber rename(ConversationId group, const std::string& name, Reply<void> reply);
  OperationNumber add(ConversationId group, const std::vector<UserId>& users, Reply<void> reply);
  OperationNumber remove(ConversationId group, UserId user, Reply<void> reply);
  OperationNumber set_role(ConversationId group, UserId user, Role role, Reply<void> reply);
  OperationNumber destroy(ConversationId group, Reply<void> reply);

  /// A group as an answer describes it, where that is newer than what is known.
  Result<ConversationRow> store_group(const JsonObject& group);

 private:
  void attempt_create(const Ticket<Conversation>& ticket, const HttpRequest& request, int attempt);
  /// A call on a group that this device knows; `path` follows /api/groups/{id}.
  OperationNumber call(ConversationId group, const char* method, const std::string& path, std::string body,
                       Reply<void> reply);
  Result<void> store_answer(const HttpResponse& response);

  Core& core_;
  Operations& operations_;
  Requests& requests_;
  Directory& directory_;
  Reading& reading_;
};

}  // namespace sotto::engine
