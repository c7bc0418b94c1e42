// What a line of text from outside has to be.
#pragma once

#include <cstddef>
#include <string_view>

#include "server/model/service_error.hpp"

namespace sotto::server {

struct TextRule {
  const char* field;      ///< named in the refusal
  std::size_t least = 0;  ///< code points
  std::size_t most = 0;
  bool newlines = false;  ///< may have several lines
};

/// Valid UTF-8 of an allowed length, without control characters.
ServiceResult<void> check_text(const TextRule& rule, std::string_view text);

}  // namespace sotto::server
