// Values as people write them: "90s", "64KiB", "true".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace sotto::server {

/// A whole number and a unit: ms, s, m, h, d. "0" needs none.
std::optional<Milliseconds> parse_duration(std::string_view text);
/// In the largest unit that gives a whole number: "90s", "1h", "500ms"; a minute is "60s".
std::string format_duration(Milliseconds duration);

/// A whole number of bytes, with an optional unit: B, KiB, MiB, GiB.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

/// true, false; also yes, no, on, off, 1, 0.
std::optional<bool> parse_truth(std::string_view text);

/// "a, b,c" is a, b and c. Empty text is an empty list.
std::vector<std::string> split_list(std::string_view text);

}  // namespace sotto::server
