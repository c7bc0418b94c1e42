#include "server/adapters/sqlite/stores/conversation_cache.hpp"

#include <utility>

namespace sotto::server {

ConversationPtr ConversationCache::find(ConversationId id) {
  auto found = places_.find(id);
  if (found == places_.end()) return nullptr;
  order_.splice(order_.begin(), order_, found->second);
  return *found->second;
}

void ConversationCache::put(ConversationPtr conversation) {
  drop(conversation->id);
  weight_ += weight(*conversation);
  order_.push_front(std::move(conversation));
  places_.emplace(order_.front()->id, order_.begin());
  while (weight_ > kMaxWeight && order_.size() > 1)
    drop(order_.back()->id);
}

void ConversationCache::drop(ConversationId id) {
  auto found = places_.find(id);
  if (found == places_.end()) return;
  weight_ -= weight(**found->second);
  order_.erase(found->second);
  places_.erase(found);
}

void ConversationCache::clear() {
  order_.clear();
  places_.clear();
  weight_ = 0;
}

}  // namespace sotto::server
