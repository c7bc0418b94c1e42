// A session's other half: catch-up and live, how the stream of a device stays complete and in order.
#include <algorithm>
#include <utility>

#include "base/mutant.hpp"
#include "server/gateway/session/frames.hpp"
#include "server/gateway/session/session.hpp"
#include "server/ports/stream_store.hpp"

namespace sotto::server {

namespace {

/// The store could not be read: a fault that will not pass in a moment.
constexpr Milliseconds kFailedRetry{1000};

}  // namespace

void Session::start_catch_up(Place after) {
  state_ = State::catching_up;
  host_.metrics().catch_ups.add();
  owes_synced_ = true;
  cursor_ = after;
  noted_ = Place{};
  waiting_for_room_ = false;
  // From the beginning, messages carry the status they have when the page is read, so receipts add nothing;
  // but those that are written after the first page was read do.
  receipts_after_ = after ? Place{} : StreamQuery::kNoReceipts;
  if (page_under_way_) {
    restart_ = true;
  } else {
    go_on_catching_up();
  }
  if (!deferred_watch_.empty() && !host_.watch(*this, std::exchange(deferred_watch_, {})))
    send_error(server_is_busy());
}

void Session::go_on_catching_up() {
  if (has_room()) {
    request_page();
  } else {
    waiting_for_room_ = true;
  }
}

void Session::request_page() {
  page_under_way_ = host_.read_page(*this, cursor_, receipts_after_);
  if (page_under_way_) return;
  retry_at_ = std::min(retry_at_, host_.now() + kBusyRetry);
  wake_at(retry_at_);
}

void Session::on_page(CatchUpPage page) {
  page_under_way_ = false;
  if (closed() || draining_) return;
  if (std::exchange(restart_, false)) return go_on_catching_up();
  if (state_ != State::catching_up) return;
  if (!page.read) {
    if (!std::exchange(told_unreadable_, true)) send_error(storage_failed());
    retry_at_ = std::min(retry_at_, host_.now() + kFailedRetry);
    return wake_at(retry_at_);
  }
  told_unreadable_ = false;
  if (!page.known) {
    state_ = State::awaiting_sync;
    return send_error(refuse(ServiceCode::unknown_place,
                             "sync.last_seen_message_id: beyond everything this server has given out"));
  }
  Metrics& metrics = host_.metrics();
  metrics.catch_up_pages.add();
  metrics.catch_up_items.add(page.frames.size());
  metrics.frames_sent.add(page.frames.size());
  for (FramePtr& frame : page.frames)
    sink_.send(std::move(frame));
  cursor_ = page.next;
  if (receipts_after_ == StreamQuery::kNoReceipts) receipts_after_ = page.snapshot;
  // A live event beyond the snapshot was noted and not queued: it has to come from the store as well.
  if (!page.complete || (noted_ > page.snapshot && !mutant(Mutant::catch_up_ends_early)))
    return go_on_catching_up();

  state_ = State::live;
  if (std::exchange(owes_synced_, false)) {
    v1::ServerFrame frame;
    frame.mutable_synced()->set_last_message_id(page.next.value);
    send(frame);
  }
  // Live events up to the snapshot may still be on their way here; they were in the page.
  cursor_ = page.snapshot;
}

void Session::on_live(Place id, FrameSource& frame) {
  switch (state_) {
    case State::awaiting_sync:
    case State::closed:
      return;
    case State::catching_up:
      if (mutant(Mutant::live_overtakes_catch_up)) break;
      noted_ = std::max(noted_, id);
      return;
    case State::live:
      break;
  }
  if (id <= cursor_ || draining_) return;
  if (sink_.queued_bytes() > host_.settings().max_queued_bytes) {
    host_.metrics().sessions_slow.add();
    host_.metrics().catch_ups.add();
    state_ = State::catching_up;
    noted_ = id;
    receipts_after_ = Place{};
    waiting_for_room_ = true;
    return;
  }
  sink_.send(frame.in(format_));
  host_.metrics().frames_sent.add();
  cursor_ = id;
}

void Session::tell(FrameSource& frame) {
  if (state_ == State::awaiting_sync || closed() || draining_) return;
  if (!has_room()) {
    host_.metrics().frames_dropped.add();
    return;
  }
  sink_.send(frame.in(format_));
  host_.metrics().frames_sent.add();
}

}  // namespace sotto::server
