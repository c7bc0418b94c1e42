#include "sdk/store/tables/draft_table.hpp"

namespace sotto::store {

Draft DraftTable::get(ConversationRow conversation) {
  auto q = db_.query("SELECT text, reply_to, cursor FROM drafts WHERE conversation = ?1", conversation);
  if (!q.next()) return {};
  return {q.text(0), q.optional_id<MessageId>(1), static_cast<std::uint32_t>(q.int64(2))};
}

bool DraftTable::exists(ConversationRow conversation) {
  auto q = db_.query("SELECT 1 FROM drafts WHERE conversation = ?1", conversation);
  return q.next();
}

void DraftTable::set(ConversationRow conversation, const Draft& draft) {
  if (draft.text.empty()) {
    db_.run("DELETE FROM drafts WHERE conversation = ?1", conversation);
    return;
  }
  db_.run(
      "INSERT INTO drafts (conversation, text, reply_to, cursor) VALUES (?1, ?2, ?3, ?4) ON CONFLICT "
      "(conversation) DO UPDATE SET text = excluded.text, reply_to = excluded.reply_to, cursor = "
      "excluded.cursor",
      conversation, std::string_view(draft.text), draft.reply_to, draft.cursor);
}

}  // namespace sotto::store
