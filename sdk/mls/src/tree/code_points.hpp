// Lists of code points in capabilities (RFC 9420 §7.2), compared at a cost in proportion to their length:
// they come from outside, in any order, with repetitions, and as long as a message.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

namespace sotto::mls {

template <class E>
bool contains(const std::vector<E>& list, E value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

/// The same code points, sorted, each once.
template <class E>
std::vector<E> sorted_once(std::vector<E> list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

/// The first of `wanted`, which holds each code point once, that is not in `list`.
template <class E>
std::optional<E> first_missing(const std::vector<E>& list, const std::vector<E>& wanted) {
  constexpr std::size_t kFew = 4;  // so many searches cost less than sorting
  const std::vector<E> sorted = wanted.size() > kFew ? sorted_once(list) : std::vector<E>{};
  for (const E e : wanted) {
    const bool found =
        sorted.empty() ? contains(list, e) : std::binary_search(sorted.begin(), sorted.end(), e);
    if (!found) return e;
  }
  return std::nullopt;
}

}  // namespace sotto::mls
