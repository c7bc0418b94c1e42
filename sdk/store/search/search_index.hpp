// Search in the text of messages: any part of a word, a URL, a sentence without spaces, in any script, newest
// first. A message is found when its text contains what is searched for, letter case aside (letter_case.hpp).
//
// The index knows trigrams: every three characters that stand together, and where. So it answers
// - three characters or more as the trigrams that they consist of;
// - one or two by all trigrams that begin with them, which are neighbours in the index. A text's last
//   characters have trigrams as well, since two end marks are indexed behind it.
// Trigrams that begin with a common character or two may be everywhere. More than kManyPlaces of them and
// walking the messages from the newest fills a page sooner.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/store/connection.hpp"
#include "sdk/store/tables/message_table.hpp"

namespace sotto::store {

class SearchIndex {
 public:
  explicit SearchIndex(Connection& db) : db_(db) {}

  void add(LocalId message, std::string_view text);
  /// `text` has to be what was added: the index does not know it.
  void remove(LocalId message, std::string_view text);

  /// Up to `limit` messages that contain `text` (valid UTF-8, not empty), newest first, older than the
  /// message `after` (0: from the newest), of one conversation (0: of all).
  std::vector<StoredMessage> find(const std::string& text, ConversationRow conversation, LocalId after,
                                  std::size_t limit);

  /// Indexes what a migration has left to do. A store that is opened calls it first: nothing is found before,
  /// and nothing may be removed. Half a minute a million messages; killed in the middle, it goes on from
  /// there.
  Result<void> finish_rebuild();

 private:
  std::vector<LocalId> by_trigrams(const std::string& text, ConversationRow conversation, std::uint64_t below,
                                   std::size_t limit);
  /// nullopt: it stands in too many places.
  std::optional<std::vector<LocalId>> by_beginnings(const std::string& text, ConversationRow conversation,
                                                    std::uint64_t below, std::size_t limit);
  std::vector<LocalId> by_comparing(const std::string& text, ConversationRow conversation,
                                    std::uint64_t below, std::size_t limit);
  /// True: there is more to do.
  bool rebuild_batch();

  Connection& db_;
};

}  // namespace sotto::store
