// What is common to direct and group conversations: opening a direct one, and asking who is in one.
#pragma once

#include <vector>

#include "server/model/conversation.hpp"
#include "server/model/service_error.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

class ConversationService {
 public:
  /// The one direct conversation of the two, made if there is none. The same for both, however often it is
  /// called.
  ServiceResult<ConversationPtr> open_direct(Store& store, WriteContext& context, const Caller& caller,
                                             UserId peer);

  /// The conversation, if the caller is in it now; otherwise as refuse_outsider says.
  [[nodiscard]] ServiceResult<ConversationPtr> find(const Store& store, const Caller& caller,
                                                    ConversationId conversation) const;
};

/// `not_a_member` for somebody who was in the conversation, and `not_found` for everybody else: which ids
/// there are is no stranger's business. `state` is null where there is none.
ServiceError refuse_outsider(const Store& store, const Caller& caller, const ConversationState* state,
                             ConversationId conversation);

/// Stores a change and tells it to everybody who is in the conversation afterwards, and to `others` (those
/// who are not in it any more). Used by all that change conversations.
void publish_change(Store& store, WriteContext& context, const Change& change,
                    std::vector<UserId> others = {});

}  // namespace sotto::server
