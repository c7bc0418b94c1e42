#include "testkit/link.hpp"

#include <algorithm>
#include <utility>

namespace sotto::sim {

Link::Link(World& world, LinkQuality quality) : world_(world), quality_(quality) {
  to_client_.link_ = this;
  to_server_.link_ = this;
}

void Link::Pipe::send(Item item) {
  if (link_->broken_) return;  // lost, as in TCP, until an end notices
  auto ready = link_->world_.now() + link_->world_.between(link_->quality_.least, link_->quality_.most);
  if (!items_.empty()) ready = std::max(ready, items_.back().ready);
  bytes_ += item.bytes.size();
  item.sent = link_->world_.now();
  items_.push_back({std::move(item), ready});
  pump();
}

void Link::Pipe::stall(bool stalled) {
  stalled_ = stalled;
  pump();
}

std::size_t Link::Pipe::queued_bytes() const {
  return bytes_ > kWindow ? bytes_ - kWindow : 0;
}

void Link::Pipe::pump() {
  if (pumping_ || stalled_ || items_.empty()) return;
  pumping_ = true;
  link_->world_.at(items_.front().ready, [this, keep = link_->shared_from_this()] {
    pumping_ = false;
    if (keep->broken_ || stalled_ || items_.empty()) return;
    Item item = std::move(items_.front().item);
    items_.pop_front();
    bytes_ -= item.bytes.size();
    if (on_item) on_item(std::move(item));
    if (!keep->broken_ && on_taken) on_taken();
    pump();
  });
}

}  // namespace sotto::sim
