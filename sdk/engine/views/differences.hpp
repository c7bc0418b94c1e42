// The differences between two versions of a list.
//
//   std::vector<Change<Row>> changes = differences(old_rows, new_rows, key_of);
//   // applying them to old_rows in order gives new_rows
//
// Rows are the same row when their keys are; a row that has moved is removed and inserted. As few rows move
// as can be (a longest increasing subsequence stays). O(n log n).
#pragma once

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <vector>

#include "sotto/views.hpp"

namespace sotto::engine {

/// For each element of `places`, whether it is on a longest strictly increasing subsequence; elements of
/// `kGone` never are.
inline constexpr std::size_t kGone = static_cast<std::size_t>(-1);
std::vector<bool> longest_rising(const std::vector<std::size_t>& places);

template <class Row, class KeyOf>
std::vector<Change<Row>> differences(const std::vector<Row>& before, const std::vector<Row>& after,
                                     KeyOf key_of) {
  using Kind = typename Change<Row>::Kind;
  using Key = decltype(key_of(before.front()));
  std::vector<Change<Row>> changes;

  std::unordered_map<Key, std::size_t> place_after;
  for (std::size_t i = 0; i < after.size(); ++i)
    place_after.emplace(key_of(after[i]), i);
  std::vector<std::size_t> places;
  places.reserve(before.size());
  for (const Row& row : before) {
    auto found = place_after.find(key_of(row));
    places.push_back(found == place_after.end() ? kGone : found->second);
  }
  const std::vector<bool> stays = longest_rising(places);

  // Out, from the back, so that indexes in front stay right.
  std::vector<const Row*> kept;
  std::vector<bool> is_kept(after.size(), false);
  for (std::size_t end = before.size(); end > 0;) {
    if (stays[end - 1]) {
      --end;
      continue;
    }
    std::size_t begin = end - 1;
    while (begin > 0 && !stays[begin - 1])
      --begin;
    changes.push_back({Kind::remove, begin, end - begin, {}});
    end = begin;
  }
  for (std::size_t i = 0; i < before.size(); ++i)
    if (stays[i]) {
      kept.push_back(&before[i]);
      is_kept[places[i]] = true;
    }

  // In, from the front.
  std::size_t size = kept.size();
  for (std::size_t begin = 0; begin < after.size();) {
    if (is_kept[begin]) {
      ++begin;
      continue;
    }
    std::size_t end = begin + 1;
    while (end < after.size() && !is_kept[end])
      ++end;
    const Kind kind = begin == size ? Kind::append : begin == 0 ? Kind::prepend : Kind::insert;
    changes.push_back({kind,
                       begin,
                       end - begin,
                       {after.begin() + static_cast<std::ptrdiff_t>(begin),
                        after.begin() + static_cast<std::ptrdiff_t>(end)}});
    size += end - begin;
    begin = end;
  }

  // What stayed in place and looks different now.
  std::size_t next_kept = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (!is_kept[i]) continue;
    if (*kept[next_kept++] == after[i]) continue;
    const bool goes_on = !changes.empty() && changes.back().kind == Kind::update &&
                         changes.back().index + changes.back().count == i;
    if (!goes_on) changes.push_back({Kind::update, i, 0, {}});
    changes.back().rows.push_back(after[i]);
    ++changes.back().count;
  }
  return changes;
}

}  // namespace sotto::engine
