// What a person types into a search box, taken apart; and where it stands in a text.
//
//   const SearchWords words("Übermut \"quick fox\"");        // ubermut / quick fox
//   words.all_in(fold(text));
//   words.places_in(text);                                    // to highlight
//
// Words are what stands between spaces. All of them have to be in a text, in any order, each as any part of
// it: "tick" finds "tickets", and a word of a script without spaces is found inside its sentence. What stands
// in quotes is one word, spaces and all; a quotation mark inside a word is a character like others, and one
// that nothing closes closes at the end. There are no operators.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sotto/message.hpp"

namespace sotto::store {

/// Places told of one text. More would highlight everything, and a text may hold ten thousands.
inline constexpr std::size_t kMaxPlaces = 100;

class SearchWords {
 public:
  /// Valid UTF-8.
  explicit SearchWords(std::string_view typed);

  /// Folded (text_folding.hpp), the longest first, none part of another. Empty: there is nothing to look for.
  [[nodiscard]] const std::vector<std::string>& list() const { return words_; }
  [[nodiscard]] bool empty() const { return words_.empty(); }

  /// Whether a folded text holds every word.
  [[nodiscard]] bool all_in(std::string_view folded) const;
  /// Where the words stand in a text, as its bytes: in order, apart from each other, the first kMaxPlaces.
  [[nodiscard]] std::vector<TextRange> places_in(std::string_view text) const;

 private:
  std::vector<std::string> words_;
};

}  // namespace sotto::store
