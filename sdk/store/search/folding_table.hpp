// What text_folding.cpp does to single code points, as tables. tools/folding_table.py makes folding_table.cpp
// from Unicode 14 and says why each thing is in it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sotto::store::folding {

/// The code points first, first + step, ... last become `result`; or, where results rise, each one as much
/// more than `result` as it is more than `first`.
struct Letters {
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t step;
  std::uint32_t result;
  std::uint32_t rises;  ///< 1 or 0
};

/// A code point that becomes several characters: ß is ss.
struct Expansion {
  std::uint32_t letter;
  std::string_view text;
};

/// Two code points that mean one: и with a breve is й. Of marks that stay.
struct Pair {
  std::uint16_t mark;
  std::uint16_t letter;
  std::uint16_t together;
};

/// Both included.
struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Each sorted by its first member, pairs by mark and letter.
std::span<const Letters> letters();
std::span<const Expansion> expansions();
std::span<const Pair> pairs();
/// Accents, vowel points, and what cannot be seen.
std::span<const Range> dropped();

}  // namespace sotto::store::folding
