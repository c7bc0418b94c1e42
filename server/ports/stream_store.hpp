// What is in a person's stream, and where: every kind of element from wherever the store keeps it, merged.
#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include "server/model/stream.hpp"

namespace sotto::server {

struct StreamQuery {
  UserId user;
  Place after;
  /// Receipts up to here are left out.
  Place receipts_after;
  std::size_t limit = 0;

  static constexpr Place kNoReceipts{~std::uint64_t{0}};
};

/// Where an element is, and which: its id where it is kept for several people, itself where it is this
/// person's.
struct StreamEntry {
  Place place;
  std::variant<MessageId, ChangeId, Receipt, Gap> what;
};

struct StreamEntries {
  std::vector<StreamEntry> entries;  ///< ascending by place, at most `limit`
  bool more = false;
};

class StreamStore {
 public:
  virtual ~StreamStore() = default;
  [[nodiscard]] virtual StreamEntries next(const StreamQuery& query) const = 0;
};

}  // namespace sotto::server
