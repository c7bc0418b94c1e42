// Search in the text of messages: words in any order, each any part of the text, in any script, newest first.
// What a word is, search_words.hpp says; what counts as the same letter, text_folding.hpp.
//
// The index knows trigrams: every three characters that stand together, and where. So it answers
// - words of three characters or more as the trigrams that they consist of, several words as what the lists
//   of all of them have in common;
// - words of one or two by all trigrams that begin with them, which are neighbours in the index. A text's
//   last characters have trigrams as well, since two end marks are indexed behind it.
// Trigrams that begin with a common character or two may be everywhere. More than kManyPlaces of them, and
// the word is looked for in the texts themselves: of the messages that hold the other words, or of all from
// the newest, which fills a page soon.
//
// A store of an earlier version has its index made anew (`index_some`), the newest messages first; until that
// is done, older ones are not found, and `is_complete` says so.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/store/connection.hpp"
#include "sdk/store/search/search_words.hpp"
#include "sdk/store/tables/message_table.hpp"

namespace sotto::store {

class SearchIndex {
 public:
  explicit SearchIndex(Connection& db) : db_(db) {}

  /// Leaves out what `index_some` has yet to reach.
  void add(LocalId message, std::string_view text);
  /// `text` has to be what was added: the index does not know it.
  void remove(LocalId message, std::string_view text);

  /// Up to `limit` messages that hold all of `words` (at least one), newest first, older than the message
  /// `after` (0: from the newest), of one conversation (0: of all).
  std::vector<StoredMessage> find(const SearchWords& words, ConversationRow conversation, LocalId after,
                                  std::size_t limit);

  /// How far the making anew has come, in messages.
  struct Progress {
    std::uint64_t indexed = 0;
    std::uint64_t total = 0;
    bool done = false;
  };
  [[nodiscard]] bool is_complete();
  /// Indexes up to `most` messages that a migration has left to do, inside the caller's transaction.
  Progress index_some(std::size_t most);

 private:
  struct Wanted {
    const SearchWords& words;
    ConversationRow conversation;
    std::uint64_t below;
    std::size_t limit;
  };
  using Rows = std::vector<LocalId>;

  Rows rows_of(const Wanted& wanted);
  /// nullopt: `most_checked` texts were looked at for the short words, and more would have to be.
  std::optional<Rows> by_trigrams(const Wanted& wanted, const std::vector<std::string>& long_words,
                                  bool check_text, std::size_t most_checked);
  Rows by_place(const Wanted& wanted, const Rows& places);
  Rows by_comparing(const Wanted& wanted);
  /// The messages with a short word, newest first; nullopt: it stands in too many places.
  std::optional<Rows> places_of(const std::string& word);
  bool text_has_all(const Wanted& wanted, LocalId row);
  void insert(LocalId message, std::string_view text);

  Connection& db_;
};

}  // namespace sotto::store
