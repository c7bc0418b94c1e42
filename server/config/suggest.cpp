#include "server/config/suggest.hpp"

#include <algorithm>
#include <numeric>

namespace sotto::server {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& words) {
  if (words.empty() || word.size() > 100) return std::nullopt;
  const auto best = std::min_element(words.begin(), words.end(), [&](const auto& a, const auto& b) {
    return edit_distance(word, a) < edit_distance(word, b);
  });
  // A third of the letters wrong is another word and not a slip.
  if (edit_distance(word, *best) > std::max<std::size_t>(word.size() / 3, 1)) return std::nullopt;
  return *best;
}

}  // namespace sotto::server
