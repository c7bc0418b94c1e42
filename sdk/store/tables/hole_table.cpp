#include "sdk/store/tables/hole_table.hpp"

namespace sotto::store {

bool HoleTable::add(ConversationRow conversation, const Hole& hole) {
  db_.run(
      "INSERT INTO holes (conversation, from_id, to_id, cause) VALUES (?1, ?2, ?3, ?4) "
      "ON CONFLICT (conversation, from_id) DO UPDATE SET to_id = excluded.to_id, cause = excluded.cause "
      "WHERE excluded.to_id > to_id",
      conversation, hole.from, hole.to, hole.cause);
  return !db_.failed() && db_.changes() > 0;
}

std::vector<Hole> HoleTable::between(ConversationRow conversation, std::uint64_t first, std::uint64_t last) {
  std::vector<Hole> found;
  auto q = db_.query(
      "SELECT from_id, to_id, cause FROM holes WHERE conversation = ?1 AND from_id BETWEEN ?2 AND ?3 "
      "ORDER BY from_id",
      conversation, first, last);
  while (q.next())
    found.push_back({static_cast<Hole::Cause>(q.int64(2)), q.id<MessageId>(0), q.id<MessageId>(1)});
  return found;
}

}  // namespace sotto::store
