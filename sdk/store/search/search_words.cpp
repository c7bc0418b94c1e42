#include "sdk/store/search/search_words.hpp"

#include <algorithm>

#include "sdk/store/search/text_folding.hpp"

namespace sotto::store {
namespace {

std::string_view without_spaces_around(std::string_view text) {
  // Folded text has no two spaces together.
  if (text.starts_with(' ')) text.remove_prefix(1);
  if (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Takes the next word off the front of `rest`, which begins with one.
std::string_view take_word(std::string_view& rest) {
  const bool quoted = rest.front() == '"';
  if (quoted) rest.remove_prefix(1);
  const auto end = std::min(rest.find(quoted ? '"' : ' '), rest.size());
  const auto word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return without_spaces_around(word);
}

std::vector<std::string> split(std::string_view folded) {
  std::vector<std::string> words;
  for (auto rest = without_spaces_around(folded); !rest.empty(); rest = without_spaces_around(rest)) {
    const auto word = take_word(rest);
    if (!word.empty()) words.emplace_back(word);
  }
  // Nothing but quotation marks: then they are what is looked for.
  if (words.empty() && !without_spaces_around(folded).empty())
    words.emplace_back(without_spaces_around(folded));
  return words;
}

/// Where the character ends that the byte of the form before `end` comes from, and what was dropped behind
/// it.
std::uint32_t end_in_source(const FoldedText& folded, std::size_t end, std::size_t text_size) {
  const auto last = folded.source[end - 1];
  while (end < folded.source.size() && folded.source[end] == last)
    ++end;
  return end < folded.source.size() ? folded.source[end] : static_cast<std::uint32_t>(text_size);
}

}  // namespace

SearchWords::SearchWords(std::string_view typed) {
  auto words = split(fold(typed));
  std::stable_sort(words.begin(), words.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (auto& word : words) {
    const bool is_part = std::any_of(words_.begin(), words_.end(), [&](const std::string& longer) {
      return longer.find(word) != std::string::npos;
    });
    if (!is_part) words_.push_back(std::move(word));
  }
}

bool SearchWords::all_in(std::string_view folded) const {
  return std::all_of(words_.begin(), words_.end(),
                     [&](const std::string& word) { return folded.find(word) != std::string_view::npos; });
}

std::vector<TextRange> SearchWords::places_in(std::string_view text) const {
  const FoldedText folded = fold_with_source(text);
  std::vector<TextRange> found;
  for (const auto& word : words_) {
    std::size_t count = 0;
    for (auto at = folded.form.find(word); at != std::string::npos && count < kMaxPlaces;
         at = folded.form.find(word, at + word.size()), ++count) {
      found.push_back({folded.source[at], end_in_source(folded, at + word.size(), text.size())});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::vector<TextRange> places;
  for (const auto& range : found) {
    if (!places.empty() && range.begin <= places.back().end)
      places.back().end = std::max(places.back().end, range.end);
    else if (places.size() < kMaxPlaces)
      places.push_back(range);
    else
      break;
  }
  return places;
}

}  // namespace sotto::store
