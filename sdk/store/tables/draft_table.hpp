// What has been typed and not sent, one for each conversation.
#pragma once

#include "sdk/store/connection.hpp"
#include "sdk/store/tables/conversation_table.hpp"
#include "sotto/conversation.hpp"

namespace sotto::store {

class DraftTable {
 public:
  explicit DraftTable(Connection& db) : db_(db) {}

  /// An empty draft where there is none.
  Draft get(ConversationRow conversation);
  bool exists(ConversationRow conversation);
  /// An empty text removes it.
  void set(ConversationRow conversation, const Draft& draft);

 private:
  Connection& db_;
};

}  // namespace sotto::store
