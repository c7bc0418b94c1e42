#include "server/adapters/sqlite/stores/pending_counts.hpp"

#include <algorithm>
#include <tuple>

namespace sotto::server {

void PendingCounts::write() {
  std::sort(pending_.begin(), pending_.end(), [](const Item& a, const Item& b) {
    return std::tie(a.conversation, a.sender, a.message) < std::tie(b.conversation, b.sender, b.message);
  });
  for (auto item = pending_.begin(); item != pending_.end();) {
    const ConversationId conversation = item->conversation;
    std::int64_t messages = 0;
    MessageId last;
    while (item != pending_.end() && item->conversation == conversation) {
      const UserId sender = item->sender;
      std::int64_t own = 0;
      for (; item != pending_.end() && item->conversation == conversation && item->sender == sender; ++item) {
        ++own;
        last = std::max(last, item->message);
      }
      Use(own_, conversation, sender, own).run();
      messages += own;
    }
    Use(count_, conversation, messages, last).run();
  }
  pending_.clear();
}

}  // namespace sotto::server
