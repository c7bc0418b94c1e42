// What a view of the app and the engine's thread share: the list as the engine has it, and the differences
// the app has not taken yet. While nobody polls these are merged, so that a view never grows behind an app
// that sleeps: past a bound the next poll gets one difference between what the app has and what there is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "sotto/views.hpp"

namespace sotto::client {

/// A screen shows some dozens of rows; after this many differences a list is better compared than replayed.
inline constexpr std::size_t kMaxPendingChanges = 512;

/// The row's identity: rows of the same identity are updated, others removed and inserted.
inline bool same_row(const Conversation& a, const Conversation& b) {
  return a.id == b.id;
}
inline bool same_row(const TimelineRow& a, const TimelineRow& b) {
  if (a.content.index() != b.content.index()) return false;
  if (const auto* message = std::get_if<Message>(&a.content)) {
    return message->local_id == std::get<Message>(b.content).local_id;
  }
  return std::get<Hole>(a.content).from == std::get<Hole>(b.content).from;
}

/// What turns `before` into `after`: rows that both begin or end with stay and are updated, so that a list
/// keeps its scroll position; those between are removed and inserted.
template <class Row>
std::vector<Change<Row>> difference(const std::vector<Row>& before, const std::vector<Row>& after) {
  const auto same = [](const Row& a, const Row& b) { return same_row(a, b); };
  const auto front = static_cast<std::size_t>(
      std::mismatch(before.begin(), before.end(), after.begin(), after.end(), same).first - before.begin());
  const auto tail = std::min(before.size(), after.size()) - front;
  std::size_t back = 0;
  while (back < tail && same_row(before[before.size() - 1 - back], after[after.size() - 1 - back]))
    ++back;

  using Kind = typename Change<Row>::Kind;
  std::vector<Change<Row>> out;
  const auto add = [&](Kind kind, std::size_t index, std::size_t from, std::size_t count) {
    if (count == 0) return;
    const auto first = after.begin() + static_cast<std::ptrdiff_t>(from);
    out.push_back({kind, index, count, {first, first + static_cast<std::ptrdiff_t>(count)}});
  };
  if (const std::size_t gone = before.size() - front - back; gone != 0) {
    out.push_back({Kind::remove, front, gone, {}});
  }
  add(Kind::insert, front, front, after.size() - front - back);
  add(Kind::update, 0, 0, front);
  add(Kind::update, after.size() - back, after.size() - back, back);
  return out;
}

template <class Row>
class ViewState {
 public:
  /// The engine's thread.
  void add(std::vector<Change<Row>> changes) {
    const std::lock_guard lock(mutex_);
    for (auto& change : changes) {
      sotto::apply(change, rows_);
      if (!merged_) pending_.push_back(std::move(change));
    }
    if (pending_.size() > kMaxPendingChanges) {
      merged_ = true;
      pending_.clear();
    }
  }
  /// The app's thread: the differences, already applied to `rows`, which is what the app has.
  std::vector<Change<Row>> take(std::vector<Row>& rows) {
    std::vector<Change<Row>> changes;
    {
      const std::lock_guard lock(mutex_);
      changes.swap(pending_);
      if (std::exchange(merged_, false)) changes = difference(rows, rows_);
    }
    for (const auto& change : changes)
      sotto::apply(change, rows);
    return changes;
  }

 private:
  std::mutex mutex_;  // guards all: the engine's thread adds while the app's takes
  std::vector<Row> rows_;
  std::vector<Change<Row>> pending_;
  bool merged_ = false;
};

using TimelineState = ViewState<TimelineRow>;
using ConversationListState = ViewState<Conversation>;

}  // namespace sotto::client
