// Search in the text of messages, in any script.
//
// Three characters or more: the trigram index, which finds any part of a word, a URL, a sentence without
// spaces. One or two characters, which a trigram index cannot find: from the newest message backwards,
// comparing texts; common characters fill a page at once, rare ones cost a walk through everything (0.1 to
// 0.3 s a million). Newest first in both.
#pragma once

#include <string>
#include <vector>

#include "sdk/store/connection.hpp"
#include "sdk/store/message_table.hpp"

namespace sotto::store {

class SearchIndex {
 public:
  explicit SearchIndex(Connection& db) : db_(db) {}

  /// Up to `limit` messages that contain `text` (valid UTF-8, not empty), newest first, older than the
  /// message `after` (0: from the newest), of one conversation (0: of all).
  std::vector<StoredMessage> find(const std::string& text, ConversationRow conversation, LocalId after,
                                  std::size_t limit);

 private:
  std::vector<LocalId> by_trigrams(const std::string& text, ConversationRow conversation, std::uint64_t below,
                                   std::size_t limit);
  std::vector<LocalId> by_comparing(const std::string& text, ConversationRow conversation,
                                    std::uint64_t below, std::size_t limit);
  Connection& db_;
};

}  // namespace sotto::store
