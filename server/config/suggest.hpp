// "did you mean": the known word that a mistyped one is most like.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::server {

/// Nothing where no word is close.
std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& words);

}  // namespace sotto::server
