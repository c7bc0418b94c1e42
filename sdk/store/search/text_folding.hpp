// Text as search compares it: without letter case, accents, the width of characters, the shape of quotation
// marks and the number of spaces.
//
//   fold("Übermut  „ÉTÉ“")      == "ubermut \"ete\""
//   fold("Straße, Łódź, Ærø")   == "strasse, lodz, aero"
//
// What becomes of a character hangs on nothing but the character, so a search finds the same whatever the
// language of the phone:
// - Capitals become small letters, in every script that has them. İ, I and ı are all i.
// - Accents of Latin, Greek and Hebrew letters go, and the vowel points of Hebrew and Arabic, whether they
//   are one code point with their letter or one of their own. So do the strokes of ø, đ, ł, ħ, ŧ. An ä is an
//   a, not ae.
// - ß is ss, æ is ae, œ is oe, þ is th, and ligatures are their letters.
// - In Cyrillic ё is е, since Russian is mostly written without its dots, and accents that mark a stress go.
//   й, ї, ў, ѓ and ќ are letters of their own and stay, as do the marked letters of Indian scripts and of
//   Kana. Written with a separate mark they are the same letters.
// - Full-width Latin is Latin. Nothing else of Chinese, Japanese and Korean changes.
// - Typographic quotation marks and apostrophes are the straight ones.
// - Each stretch of white space and control characters is one space; what cannot be seen (joiners, direction
//   marks, soft hyphens, variation selectors) goes.
//
// The tables are ours and not SQLite's or the system's, so that what a search finds does not hang on whose
// library a device has. What is in the search index was folded by this: whoever changes it has the index made
// anew (a migration that fills `search_rebuild`, schema.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::store {

/// Valid UTF-8, folded. At most twice as long. Holds no character below U+0020.
std::string fold(std::string_view text);

/// The same, and where each byte of it comes from.
struct FoldedText {
  std::string form;
  /// For each byte of `form` the place in the text of the character that it comes from. Never falls.
  std::vector<std::uint32_t> source;
};
FoldedText fold_with_source(std::string_view text);

}  // namespace sotto::store
