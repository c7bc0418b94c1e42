// The tables of the local database. Migrations are numbered and never edited once released.
#pragma once

#include <cstdint>

#include "sqlite/migrations.hpp"

namespace sotto::store {

/// "Soto": tells our database from anybody else's.
inline constexpr std::int32_t kApplicationId = 0x536f746f;

const sqlite::Schema& schema();

// A message's place in its conversation is one number: its id, or before it has one kPendingBase + its row,
// so that unsent messages stand at the end in the order they were written. Snowflakes reach kPendingBase in
// the last minutes of the year 2093; ids from there on are refused as out of range.
inline constexpr std::uint64_t kPendingBase = 0x7fff'ff00'0000'0000;
/// Rows of new messages count up from here, rows of fetched history down: the order of rows is the order of
/// time, which the search index uses.
inline constexpr std::uint64_t kFirstRow = std::uint64_t{1} << 32;

/// 1 ... kPendingBase - 1
constexpr bool is_valid_id(std::uint64_t id) {
  return id != 0 && id < kPendingBase;
}

}  // namespace sotto::store
