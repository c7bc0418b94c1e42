#include "testkit/world.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace sotto::sim {

void World::at(Milliseconds when, std::function<void()> what) {
  queue_.push({std::max(when, now()), next_order_++, std::move(what)});
}

bool World::step(Milliseconds end) {
  if (queue_.empty() || queue_.top().when > end) return false;
  // It is popped at once, so its order no longer matters.
  Due due = std::move(const_cast<Due&>(queue_.top()));
  queue_.pop();
  now_ = due.when;
  ++events_;
  due.what();
  return true;
}

void World::run_until(Milliseconds end, const std::function<bool()>& done) {
  do {
    if (done && done()) return;
  } while (step(end));
  if (now() < end) now_ = end;
}

Milliseconds World::between(Milliseconds low, Milliseconds high) {
  return low + Milliseconds{static_cast<std::int64_t>(
                   random_.below(static_cast<std::uint64_t>((high - low).count()) + 1))};
}

void World::tell(const std::function<std::string()>& text) {
  if (!listener_) return;
  char time[32];
  std::snprintf(time, sizeof time, "%10.3f  ", static_cast<double>(now().count()) / 1000);
  listener_(time + text());
}

}  // namespace sotto::sim
