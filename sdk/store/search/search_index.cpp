#include "sdk/store/search/search_index.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>

#include "base/utf8.hpp"
#include "sdk/store/search/text_folding.hpp"
#include "sdk/store/tables/message_columns.hpp"

namespace sotto::store {
namespace {

constexpr std::size_t kTrigram = 3;

/// ETX, "end of text". No folded text holds a control character.
constexpr char kEndMark = '\x03';

/// No trigram of these comes after one that begins with the same two characters.
constexpr std::string_view kLastCodePoint = "\U0010ffff";

/// Reading this many places takes 2 ms. A word with more of them among a million messages is met once in some
/// hundreds of messages, so that a page of 50 is a walk over some ten thousand: 10 ms.
constexpr std::size_t kManyPlaces = 10'000;

/// So many short words are looked up; one that is rare is enough.
constexpr std::size_t kShortWordsAsked = 4;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

/// What is indexed of a text.
std::string indexed_form(std::string_view text) {
  std::string form = fold(text);
  form.append(kTrigram - 1, kEndMark);
  return form;
}

bool is_short(const std::string& word) {
  return count_code_points(word) < kTrigram;
}

/// All of the words, in FTS5's syntax: each in quotes, quotes doubled (https://sqlite.org/fts5.html §3.2).
std::string as_expression(const std::vector<std::string>& words) {
  std::string expression;
  for (const auto& word : words) {
    if (!expression.empty()) expression += " AND ";
    expression.push_back('"');
    for (char c : word) {
      if (c == '"') expression.push_back('"');
      expression.push_back(c);
    }
    expression.push_back('"');
  }
  return expression;
}

}  // namespace

// ---------------------------------------------------------------- keeping the index

void SearchIndex::insert(LocalId message, std::string_view text) {
  const std::string form = indexed_form(text);
  db_.run("INSERT INTO search (rowid, text) VALUES (?1, ?2)", message, std::string_view(form));
}

void SearchIndex::add(LocalId message, std::string_view text) {
  const std::string form = indexed_form(text);
  db_.run(
      "INSERT INTO search (rowid, text) SELECT ?1, ?2 "
      "WHERE NOT EXISTS (SELECT 1 FROM search_rebuild WHERE below > ?1)",
      message, std::string_view(form));
}

void SearchIndex::remove(LocalId message, std::string_view text) {
  const std::string form = indexed_form(text);
  db_.run(
      "INSERT INTO search (search, rowid, text) SELECT 'delete', ?1, ?2 "
      "WHERE NOT EXISTS (SELECT 1 FROM search_rebuild WHERE below > ?1)",
      message, std::string_view(form));
}

bool SearchIndex::is_complete() {
  return !db_.query("SELECT 1 FROM search_rebuild").next();
}

SearchIndex::Progress SearchIndex::index_some(std::size_t most) {
  std::uint64_t below = 0;
  std::uint64_t top = 0;
  {
    auto q = db_.query("SELECT below, top FROM search_rebuild");
    if (!q.next()) return {0, 0, true};
    below = static_cast<std::uint64_t>(q.int64(0));
    top = static_cast<std::uint64_t>(q.int64(1));
  }
  std::uint64_t from = 0;
  {
    auto q = db_.query("SELECT row FROM messages WHERE row < ?1 ORDER BY row DESC LIMIT 1 OFFSET ?2", below,
                       most - 1);
    if (q.next()) from = static_cast<std::uint64_t>(q.int64(0));
  }
  {
    // Upwards: FTS5 writes what it has gathered whenever a row comes out of order.
    auto q =
        db_.query("SELECT row, text FROM messages WHERE row >= ?1 AND row < ?2 ORDER BY row", from, below);
    while (q.next())
      insert(q.id<LocalId>(0), q.view(1));
  }
  std::uint64_t lowest = top;
  {
    auto q = db_.query("SELECT min(row) FROM messages");
    if (q.next() && !q.is_null(0)) lowest = static_cast<std::uint64_t>(q.int64(0));
  }
  if (from <= lowest) {
    db_.run("DELETE FROM search_rebuild");
    return {top - lowest, top - lowest, true};
  }
  db_.run("UPDATE search_rebuild SET below = ?1", from);
  return {top - from, top - lowest, false};
}

// ---------------------------------------------------------------- finding

std::vector<StoredMessage> SearchIndex::find(const SearchWords& words, ConversationRow conversation,
                                             LocalId after, std::size_t limit) {
  std::vector<StoredMessage> found;
  if (words.empty()) return found;
  const std::uint64_t below = after ? after.value : static_cast<std::uint64_t>(INT64_MAX);
  for (LocalId row : rows_of({words, conversation, below, limit})) {
    auto q = db_.query("SELECT " SOTTO_MESSAGE_COLUMNS " FROM " SOTTO_MESSAGES " WHERE m.row = ?1", row);
    if (q.next()) found.push_back(read_message(q));
  }
  return found;
}

SearchIndex::Rows SearchIndex::rows_of(const Wanted& wanted) {
  std::vector<std::string> long_words = wanted.words.list();
  const auto short_at = std::stable_partition(long_words.begin(), long_words.end(),
                                              [](const auto& word) { return !is_short(word); });
  const std::vector<std::string> short_words(short_at, long_words.end());
  long_words.erase(short_at, long_words.end());
  if (short_words.empty()) return *by_trigrams(wanted, long_words, false, kNoLimit);

  std::optional<Rows> fewest;
  for (std::size_t i = 0; i < std::min(short_words.size(), kShortWordsAsked); ++i) {
    auto places = places_of(short_words[i]);
    if (places && (!fewest || places->size() < fewest->size())) fewest = std::move(places);
  }
  if (!fewest)
    return long_words.empty() ? by_comparing(wanted) : *by_trigrams(wanted, long_words, true, kNoLimit);
  if (!long_words.empty()) {
    // Both ways are short, and which is shorter shows on the way.
    if (auto rows = by_trigrams(wanted, long_words, true, fewest->size())) return *rows;
  }
  return by_place(wanted, *fewest);
}

std::optional<SearchIndex::Rows> SearchIndex::by_trigrams(const Wanted& wanted,
                                                          const std::vector<std::string>& long_words,
                                                          bool check_text, std::size_t most_checked) {
  const std::string expression = as_expression(long_words);
  std::size_t checked = 0;
  Rows rows;
  // Two statements: with a condition on `messages` in the common one, every hit would cost a look-up.
  auto q =
      wanted.conversation
          ? db_.query(
                "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2 AND "
                "(SELECT conversation FROM messages WHERE row = search.rowid) = ?3 "
                "ORDER BY rowid DESC",
                std::string_view(expression), wanted.below, wanted.conversation)
          : db_.query("SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC",
                      std::string_view(expression), wanted.below);
  while (rows.size() < wanted.limit && q.next()) {
    const auto row = q.id<LocalId>(0);
    if (check_text) {
      if (checked++ == most_checked) return std::nullopt;
      if (!text_has_all(wanted, row)) continue;
    }
    rows.push_back(row);
  }
  return rows;
}

std::optional<SearchIndex::Rows> SearchIndex::places_of(const std::string& word) {
  std::string last = word;
  for (std::size_t i = 1; i < kTrigram; ++i)
    last += kLastCodePoint;
  Rows places;
  {
    // The bounds are inclusive because FTS5 knows no others: SQLite would look at each row once more.
    auto q = db_.query("SELECT doc FROM search_places WHERE term >= ?1 AND term <= ?2 LIMIT ?3",
                       std::string_view(word), std::string_view(last), kManyPlaces + 1);
    while (q.next())
      places.push_back(q.id<LocalId>(0));
  }
  if (places.size() > kManyPlaces) return std::nullopt;
  std::sort(places.begin(), places.end(), std::greater<>());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  return places;
}

SearchIndex::Rows SearchIndex::by_place(const Wanted& wanted, const Rows& places) {
  const bool check_text = wanted.words.list().size() > 1;
  Rows rows;
  for (LocalId row : places) {
    if (rows.size() == wanted.limit) break;
    if (row.value >= wanted.below) continue;
    if (wanted.conversation) {
      auto q = db_.query("SELECT conversation FROM messages WHERE row = ?1", row);
      if (!q.next() || q.id<ConversationRow>(0) != wanted.conversation) continue;
    }
    if (check_text && !text_has_all(wanted, row)) continue;
    rows.push_back(row);
  }
  return rows;
}

SearchIndex::Rows SearchIndex::by_comparing(const Wanted& wanted) {
  Rows rows;
  auto q = db_.query("SELECT row, text, conversation FROM messages WHERE row < ?1 ORDER BY row DESC",
                     wanted.below);
  while (rows.size() < wanted.limit && q.next()) {
    if (wanted.conversation && q.id<ConversationRow>(2) != wanted.conversation) continue;
    if (wanted.words.all_in(fold(q.view(1)))) rows.push_back(q.id<LocalId>(0));
  }
  return rows;
}

bool SearchIndex::text_has_all(const Wanted& wanted, LocalId row) {
  auto q = db_.query("SELECT text FROM messages WHERE row = ?1", row);
  return q.next() && wanted.words.all_in(fold(q.view(0)));
}

}  // namespace sotto::store
