// Search: what a person types against a message of somebody else. The input is the words up to the first line
// feed, and the text after it. The index has to find what comparing finds, and the places have to be in
// order, apart, and whole characters of the text.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/utf8.hpp"
#include "sdk/store/search/text_folding.hpp"
#include "sdk/store/store.hpp"

namespace {

using namespace sotto;
using namespace sotto::store;

void demand(bool holds) {
  if (!holds) std::abort();
}

void check_folding(std::string_view text) {
  const FoldedText folded = fold_with_source(text);
  demand(folded.form == fold(text) && folded.form.size() <= 2 * text.size());
  demand(is_valid_utf8(folded.form) && fold(folded.form) == folded.form);
  demand(folded.source.size() == folded.form.size());
  for (std::size_t i = 0; i < folded.source.size(); ++i)
    demand(folded.source[i] < text.size() && (i == 0 || folded.source[i - 1] <= folded.source[i]));
}

void check_places(const SearchWords& words, std::string_view text, bool found) {
  const auto places = words.places_in(text);
  demand(!found || words.empty() || !places.empty());
  demand(places.size() <= kMaxPlaces);
  std::uint32_t last = 0;
  for (const auto& range : places) {
    demand(range.begin >= last && range.begin < range.end && range.end <= text.size());
    demand(is_valid_utf8(text.substr(range.begin, range.end - range.begin)));
    last = range.end;
  }
}

Store& store_in_memory() {
  static const std::unique_ptr<Store> only = [] {
    auto opened = Store::open({{}, StoreKey::none()});
    demand(opened.ok());
    return std::move(*opened);
  }();
  return *only;
}

void check_index(const SearchWords& words, std::string_view text, bool found) {
  Store& store = store_in_memory();
  demand(store.db.begin().ok());
  NewMessage message;
  message.conversation = store.conversations.create(ConversationId{900}, ConversationKind::direct).row;
  message.message_id = MessageId{1000};
  message.sender_id = UserId{100};
  message.text = text;
  store.messages.insert(message);
  demand(store.search.find(words, {}, {}, 10).size() == (found ? 1u : 0u));
  demand(!store.db.failed());
  store.db.rollback();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (!is_valid_utf8(input)) return 0;  // refused before it comes here
  const auto end = std::min(input.find('\n'), input.size());
  const SearchWords words(input.substr(0, end));
  const std::string_view text = input.substr(std::min(end + 1, input.size()));
  check_folding(input);
  check_folding(text);
  const bool found = !words.empty() && words.all_in(fold(text));
  check_places(words, text, found);
  check_index(words, text, found);
  return 0;
}
