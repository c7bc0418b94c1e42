// Catch-up: the stream of a person after a place, a page at a time.
//
//   Place cursor = sync.last_seen;
//   do {
//     page = stream.page(store, caller, cursor, options);
//     send(page);
//     cursor = page.next;
//   } while (!page.complete);
//
// Messages come from the person's mailbox and, for large groups, from the log of each; receipts, changes and
// gaps from their own lists; merged by id.
#pragma once

#include <cstddef>
#include <cstdint>

#include "server/model/stream.hpp"
#include "server/ports/storage.hpp"
#include "server/services/messages/wire_size.hpp"

namespace sotto::server {

struct StreamOptions {
  std::size_t elements = 500;
  /// On the wire; the page ends before the element that would pass it, unless that is the first.
  std::size_t bytes = 256 * 1024;
  Encoding encoding = Encoding::json;
  /// Receipts up to here are left out, wherever the page begins. A catch-up from 0 leaves out all on its
  /// first page, since the messages carry their status of then, and on the others those up to the first
  /// page's snapshot: what came after it is news.
  Place receipts_after;
  static constexpr Place kNoReceipts{~std::uint64_t{0}};
};

class StreamService {
 public:
  [[nodiscard]] StreamPage page(const Store& store, const Caller& caller, Place after,
                                const StreamOptions& options) const;
};

}  // namespace sotto::server
