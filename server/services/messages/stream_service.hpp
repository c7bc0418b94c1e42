// Catch-up: the stream of a person after a place, a page at a time.
//
//   Place cursor = sync.last_seen;
//   do {
//     page = stream.page(store, caller, cursor, options, [&](const StreamElement& e) { return send(e); });
//     cursor = page.next;
//   } while (!page.complete);
//
// The store says what comes next (StreamStore); here it is loaded as this person may see it.
#pragma once

#include <cstddef>
#include <functional>

#include "server/model/stream.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

struct StreamOptions {
  std::size_t elements = 500;  ///< receipts counted one by one
  /// Receipts up to here are left out, wherever the page begins. A catch-up from 0 leaves out all on its
  /// first page (StreamQuery::kNoReceipts), since the messages carry their status of then, and on the others
  /// those up to the first page's snapshot: what came after it is news.
  Place receipts_after;
};

/// Gets the elements of a page, in their order. False: there is no room for this one; the page ends before
/// it.
using TakeElement = std::function<bool(const StreamElement&)>;

class StreamService {
 public:
  /// `take` has to take the first element, or no page would lead on.
  StreamPage page(const Store& store, const Caller& caller, Place after, const StreamOptions& options,
                  const TakeElement& take) const;
};

}  // namespace sotto::server
