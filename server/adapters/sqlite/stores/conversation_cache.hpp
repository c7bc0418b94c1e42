// The conversations the writer has used lately. Only the writer keeps one: it alone changes conversations,
// and it forgets what it changes. Least recently used go first. One thread.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>

#include "server/model/conversation.hpp"

namespace sotto::server {

class ConversationCache {
 public:
  /// Null: not here.
  ConversationPtr find(ConversationId id);
  void put(ConversationPtr conversation);
  void drop(ConversationId id);
  void clear();

 private:
  // A member is 32 bytes and a conversation as much as ten: 50 MB of conversations, whether direct or large.
  static constexpr std::size_t kMaxWeight = 1'500'000;
  static std::size_t weight(const ConversationState& conversation) {
    return 10 + conversation.members.size();
  }

  std::list<ConversationPtr> order_;  // most recently used first
  std::unordered_map<ConversationId, std::list<ConversationPtr>::iterator> places_;
  std::size_t weight_ = 0;
};

}  // namespace sotto::server
