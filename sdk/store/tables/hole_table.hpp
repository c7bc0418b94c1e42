// Ranges of a conversation that cannot be had: the server no longer keeps them, or they are too large.
#pragma once

#include <vector>

#include "sdk/store/connection.hpp"
#include "sdk/store/tables/conversation_table.hpp"
#include "sotto/views.hpp"

namespace sotto::store {

class HoleTable {
 public:
  explicit HoleTable(Connection& db) : db_(db) {}

  /// False: it was known.
  bool add(ConversationRow conversation, const Hole& hole);
  /// Holes that begin between two ids, both included, oldest first.
  std::vector<Hole> between(ConversationRow conversation, std::uint64_t first, std::uint64_t last);

 private:
  Connection& db_;
};

}  // namespace sotto::store
