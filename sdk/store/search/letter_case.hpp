// Letter case of the scripts that have it, for search: "МИР" is found by "мир".
//
// Unicode's simple case folding: one code point becomes one code point, in every script that has capitals. A
// table of our own and not SQLite's, so that what a search finds does not hang on whose SQLite a device has.
// What is in the search index was folded by it: whoever changes it has the index made anew (a migration that
// fills `search_rebuild`, schema.cpp).
#pragma once

#include <string>
#include <string_view>

namespace sotto::store {

/// One code point, folded.
char32_t fold_case(char32_t c);
/// Valid UTF-8, folded. Lengths may change.
std::string fold_case(std::string_view text);

}  // namespace sotto::store
