// Catch-up: the stream of a person after a place, a page at a time.
//
//   StreamId cursor = sync.last_seen;
//   do { page = stream.page(store, caller, cursor, options); send(page); cursor = page.next; } while
//   (!page.complete);
//
// Messages come from the person's mailbox and, for large groups, from the log of each; receipts, changes and
// gaps from their own lists; merged by id.
#pragma once

#include <cstddef>

#include "server/model/stream.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

struct StreamOptions {
  std::size_t elements = 500;
  std::size_t bytes = 256 * 1024;  ///< of message bodies; the page ends with the element that passes it
  /// False on every page of a catch-up that started at 0: the messages carry their status of now.
  bool receipts = true;
};

class StreamService {
 public:
  [[nodiscard]] StreamPage page(const Store& store, const Caller& caller, StreamId after,
                                const StreamOptions& options) const;
};

}  // namespace sotto::server
