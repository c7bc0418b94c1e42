#include "sdk/store/search_index.hpp"

#include <cstdint>

#include "sdk/base/utf8.hpp"
#include "sdk/store/letter_case.hpp"
#include "sdk/store/message_columns.hpp"

namespace sotto::store {
namespace {

constexpr std::size_t kTrigram = 3;

/// FTS5's string syntax: in quotes, quotes doubled (https://sqlite.org/fts5.html §3.2).
std::string as_phrase(const std::string& text) {
  std::string phrase = "\"";
  for (char c : text) {
    if (c == '"') phrase.push_back('"');
    phrase.push_back(c);
  }
  phrase.push_back('"');
  return phrase;
}

}  // namespace

std::vector<StoredMessage> SearchIndex::find(const std::string& text, ConversationRow conversation,
                                             LocalId after, std::size_t limit) {
  const std::uint64_t below = after ? after.value : static_cast<std::uint64_t>(INT64_MAX);
  const auto rows = count_code_points(text) < kTrigram ? by_comparing(text, conversation, below, limit)
                                                       : by_trigrams(text, conversation, below, limit);
  std::vector<StoredMessage> found;
  for (LocalId row : rows) {
    auto q = db_.query("SELECT " SOTTO_MESSAGE_COLUMNS " FROM " SOTTO_MESSAGES " WHERE m.row = ?1", row);
    if (q.next()) found.push_back(read_message(q));
  }
  return found;
}

std::vector<LocalId> SearchIndex::by_trigrams(const std::string& text, ConversationRow conversation,
                                              std::uint64_t below, std::size_t limit) {
  const std::string phrase = as_phrase(text);
  std::vector<LocalId> rows;
  // Two statements: with a condition on `messages` in the common one, every hit would cost a look-up.
  if (!conversation) {
    auto q = db_.query(
        "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3",
        std::string_view(phrase), below, limit);
    while (q.next())
      rows.push_back(q.id<LocalId>(0));
    return rows;
  }
  auto q = db_.query(
      "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2 AND (SELECT conversation FROM messages "
      "WHERE row = search.rowid) = ?4 ORDER BY rowid DESC LIMIT ?3",
      std::string_view(phrase), below, limit, conversation);
  while (q.next())
    rows.push_back(q.id<LocalId>(0));
  return rows;
}

std::vector<LocalId> SearchIndex::by_comparing(const std::string& text, ConversationRow conversation,
                                               std::uint64_t below, std::size_t limit) {
  const std::string wanted = fold_case(text);
  std::vector<LocalId> rows;
  auto q = db_.query("SELECT row, text, conversation FROM messages WHERE row < ?1 ORDER BY row DESC", below);
  while (rows.size() < limit && q.next()) {
    if (conversation && q.id<ConversationRow>(2) != conversation) continue;
    if (fold_case(q.view(1)).find(wanted) != std::string::npos) rows.push_back(q.id<LocalId>(0));
  }
  return rows;
}

}  // namespace sotto::store
