#include "sdk/store/search/search_index.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>

#include "base/utf8.hpp"
#include "sdk/store/search/letter_case.hpp"
#include "sdk/store/tables/message_columns.hpp"

namespace sotto::store {
namespace {

constexpr std::size_t kTrigram = 3;

/// ETX, "end of text": nobody types it, and who searches for it gets the slow and exact way.
constexpr char kEndMark = '\x03';

/// No trigram of these comes after one that begins with the same two characters.
constexpr std::string_view kLastCodePoint = "\U0010ffff";

/// Reading this many places takes 2 ms. A word with more of them among a million messages is met once in some
/// hundreds of messages, so that a page of 50 is a walk over some ten thousand: 10 ms.
constexpr std::size_t kManyPlaces = 10'000;

/// Indexed in one transaction of a rebuild: some 4 MB of pages in memory.
constexpr std::size_t kRebuildBatch = 5'000;

/// What is indexed of a text.
std::string indexed_form(std::string_view text) {
  std::string form = fold_case(text);
  std::replace(form.begin(), form.end(), '\0', kEndMark);  // FTS5 would stop there
  form.append(kTrigram - 1, kEndMark);
  return form;
}

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

void SearchIndex::add(LocalId message, std::string_view text) {
  const std::string form = indexed_form(text);
  db_.run("INSERT INTO search (rowid, text) VALUES (?1, ?2)", message, std::string_view(form));
}

void SearchIndex::remove(LocalId message, std::string_view text) {
  const std::string form = indexed_form(text);
  db_.run("INSERT INTO search (search, rowid, text) VALUES ('delete', ?1, ?2)", message,
          std::string_view(form));
}

std::vector<StoredMessage> SearchIndex::find(const std::string& text, ConversationRow conversation,
                                             LocalId after, std::size_t limit) {
  const std::uint64_t below = after ? after.value : static_cast<std::uint64_t>(INT64_MAX);
  const std::string folded = fold_case(text);
  std::optional<std::vector<LocalId>> rows;
  if (folded.find(kEndMark) == std::string::npos) {
    rows = count_code_points(folded) < kTrigram ? by_beginnings(folded, conversation, below, limit)
                                                : by_trigrams(folded, conversation, below, limit);
  }
  if (!rows) rows = by_comparing(folded, conversation, below, limit);
  std::vector<StoredMessage> found;
  for (LocalId row : *rows) {
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

std::optional<std::vector<LocalId>> SearchIndex::by_beginnings(const std::string& text,
                                                               ConversationRow conversation,
                                                               std::uint64_t below, std::size_t limit) {
  std::string last = text;
  for (std::size_t i = 1; i < kTrigram; ++i)
    last += kLastCodePoint;
  std::vector<LocalId> places;
  {
    // The bounds are inclusive because FTS5 knows no others: SQLite would look at each row once more.
    auto q = db_.query("SELECT doc FROM search_places WHERE term >= ?1 AND term <= ?2 LIMIT ?3",
                       std::string_view(text), std::string_view(last), kManyPlaces + 1);
    while (q.next())
      places.push_back(q.id<LocalId>(0));
  }
  if (places.size() > kManyPlaces) return std::nullopt;
  std::sort(places.begin(), places.end(), std::greater<>());
  places.erase(std::unique(places.begin(), places.end()), places.end());

  std::vector<LocalId> rows;
  for (LocalId row : places) {
    if (rows.size() == limit) break;
    if (row.value >= below) continue;
    if (conversation) {
      auto q = db_.query("SELECT conversation FROM messages WHERE row = ?1", row);
      if (!q.next() || q.id<ConversationRow>(0) != conversation) continue;
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<LocalId> SearchIndex::by_comparing(const std::string& text, ConversationRow conversation,
                                               std::uint64_t below, std::size_t limit) {
  std::vector<LocalId> rows;
  auto q = db_.query("SELECT row, text, conversation FROM messages WHERE row < ?1 ORDER BY row DESC", below);
  while (rows.size() < limit && q.next()) {
    if (conversation && q.id<ConversationRow>(2) != conversation) continue;
    if (fold_case(q.view(1)).find(text) != std::string::npos) rows.push_back(q.id<LocalId>(0));
  }
  return rows;
}

Result<void> SearchIndex::finish_rebuild() {
  for (;;) {
    if (auto begun = db_.begin(); !begun) return begun.error();
    const bool more = rebuild_batch();
    if (auto done = db_.commit(); !done || !more) return done;
  }
}

bool SearchIndex::rebuild_batch() {
  LocalId from;
  {
    auto q = db_.query("SELECT from_row FROM search_rebuild");
    if (!q.next()) return false;
    from = q.id<LocalId>(0);
  }
  db_.run("DELETE FROM search_rebuild");
  std::size_t indexed = 0;
  auto q = db_.query("SELECT row, text FROM messages WHERE row >= ?1 ORDER BY row", from);
  while (q.next()) {
    if (indexed++ == kRebuildBatch) {
      db_.run("INSERT INTO search_rebuild (from_row) VALUES (?1)", q.id<LocalId>(0));
      return true;
    }
    add(q.id<LocalId>(0), q.view(1));
  }
  return false;
}

}  // namespace sotto::store
