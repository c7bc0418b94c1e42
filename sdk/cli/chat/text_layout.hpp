// Text as a terminal shows it: how many columns it takes, broken into lines, with nothing in it that could
// move the cursor or change colours. Messages come from other people; an escape sequence in one must not
// reach the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/time.hpp"

namespace sotto::cli {

/// Columns of text in the current locale; wide characters take two, combining ones none.
std::size_t columns(std::string_view text);

/// Control characters (C0, DEL, C1), direction overrides and bytes that are not UTF-8 become U+FFFD; tabs
/// become spaces; line feeds stay.
std::string harmless(std::string_view text);

/// Lines of at most `width` (>= 2) columns: broken at spaces where there are any, inside words otherwise, and
/// at line feeds.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// Cut to `width` columns, with … at the end where something is missing.
std::string fit(std::string_view text, std::size_t width);

/// A time in the local time zone, in the format of strftime; "" for one that no calendar has.
std::string local_time(Timestamp t, const char* format);

}  // namespace sotto::cli
