// What is stored, as the app sees it.
#pragma once

#include <vector>

#include "sdk/engine/core.hpp"
#include "sdk/engine/outbox/directory.hpp"
#include "sdk/engine/outbox/outbox.hpp"

namespace sotto::engine {

class Reading {
 public:
  Reading(Core& core, Directory& directory, Outbox& outbox)
      : core_(core), directory_(directory), outbox_(outbox) {}

  Conversation describe(const store::StoredConversation& conversation);

  Result<Message> message(LocalId id);
  Result<std::vector<Transition>> trace(LocalId id);
  Result<std::vector<MemberReceipt>> receipts(LocalId id);
  Result<MessagePage> messages(const MessagesQuery& query);
  Result<SearchPage> search(const SearchQuery& query);
  Result<std::vector<Conversation>> conversations();
  Result<Conversation> conversation(ConversationId id);
  Result<std::vector<Member>> members(ConversationId id);
  Result<Draft> draft(ConversationId id);
  Result<std::vector<UserId>> blocked();

 private:
  /// The value, or the error that reading it left behind.
  template <class T>
  Result<T> checked(T value) {
    if (auto error = core_.read_error()) return std::move(*error);
    return value;
  }

  Core& core_;
  Directory& directory_;
  Outbox& outbox_;
};

}  // namespace sotto::engine
