// Letter case of the scripts that have it, for search: "МИР" is found by "мир".
//
// Unicode's simple case folding for Latin, Greek, Cyrillic, Armenian and the fullwidth forms. Any other
// letter only matches itself, which is right for scripts without letter case.
#pragma once

#include <string>
#include <string_view>

namespace sotto::store {

/// One code point, folded.
char32_t fold_case(char32_t c);
/// Valid UTF-8, folded. Lengths may change.
std::string fold_case(std::string_view text);

}  // namespace sotto::store
