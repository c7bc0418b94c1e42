#include "server/adapters/sqlite/stores/pending_mailbox.hpp"

#include <algorithm>
#include <tuple>

namespace sotto::server {

void PendingMailbox::write() {
  std::sort(pending_.begin(), pending_.end(), [](const Item& a, const Item& b) {
    return std::tie(a.user, a.message) < std::tie(b.user, b.message);
  });
  std::size_t done = 0;
  for (; pending_.size() - done >= kRows; done += kRows) {
    Use use(insert_rows_);
    for (std::size_t row = 0; row < kRows; ++row) {
      const Item& item = pending_[done + row];
      const int parameter = static_cast<int>(2 * row) + 1;
      use.bind(parameter, item.user).bind(parameter + 1, item.message);
    }
    use.run();
  }
  for (; done < pending_.size(); ++done)
    Use(insert_one_, pending_[done].user, pending_[done].message).run();
  pending_.clear();
}

}  // namespace sotto::server
