// The rule for a line of text (base/text_rules.hpp), as a refusal of the server.
#pragma once

#include <string_view>

#include "base/text_rules.hpp"
#include "server/model/service_error.hpp"

namespace sotto::server {

ServiceResult<void> check_text(const TextRule& rule, std::string_view text);

}  // namespace sotto::server
