#include "server/services/text_rules.hpp"

#include <utility>

namespace sotto::server {

ServiceResult<void> check_text(const TextRule& rule, std::string_view text) {
  if (auto problem = problem_with_text(rule, text))
    return refuse(ServiceCode::bad_request, *std::move(problem));
  return {};
}

}  // namespace sotto::server
