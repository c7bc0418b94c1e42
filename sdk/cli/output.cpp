#include "sdk/cli/output.hpp"

#include <algorithm>
#include <iostream>

#include "sdk/cli/chat/text_layout.hpp"

namespace sotto::cli {

namespace {
/// Four lines of a usual terminal: every message of ours fits.
constexpr std::size_t kBriefColumns = 300;
/// So many characters of the widest encoding; marks that take no column are endless otherwise.
constexpr std::size_t kBriefBytes = 4 * kBriefColumns;
}  // namespace

void print(std::string_view line) {
  std::cout << harmless(line) << '\n' << std::flush;
}

void tell(std::string_view line) {
  std::cerr << harmless(line) << '\n';
}

std::optional<std::string> ask(std::string_view question) {
  std::cerr << harmless(question) << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer)) {
    std::cerr << '\n';
    return std::nullopt;
  }
  return answer;
}

std::string brief(std::string_view text) {
  std::string line = harmless(text.substr(0, kBriefBytes));
  std::replace(line.begin(), line.end(), '\n', ' ');  // nothing that looks like a line of ours
  return fit(line, kBriefColumns);
}

}  // namespace sotto::cli
