#include "sdk/engine/views/differences.hpp"

namespace sotto::engine {

std::vector<bool> longest_rising(const std::vector<std::size_t>& places) {
  // Patience sorting: tails[k] is the element that ends the best rising run of length k + 1.
  std::vector<std::size_t> tails;
  std::vector<std::size_t> previous(places.size(), kGone);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] == kGone) continue;
    auto at = std::lower_bound(tails.begin(), tails.end(), places[i],
                               [&](std::size_t tail, std::size_t place) { return places[tail] < place; });
    if (at != tails.begin()) previous[i] = *(at - 1);
    if (at == tails.end())
      tails.push_back(i);
    else
      *at = i;
  }
  std::vector<bool> rising(places.size(), false);
  for (std::size_t i = tails.empty() ? kGone : tails.back(); i != kGone; i = previous[i])
    rising[i] = true;
  return rising;
}

}  // namespace sotto::engine
