#include "server/adapters/sqlite/pending_mailbox.hpp"

#include <algorithm>
#include <tuple>

namespace sotto::server {

void PendingMailbox::write() {
  std::sort(pending_.begin(), pending_.end(), [](const Item& a, const Item& b) {
    return std::tie(a.user, a.message) < std::tie(b.user, b.message);
  });
  for (const Item& item : pending_)
    Use(insert_, item.user, item.message).run();
  pending_.clear();
}

}  // namespace sotto::server
