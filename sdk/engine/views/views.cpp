#include "sdk/engine/views/views.hpp"

#include <algorithm>

#include "sdk/engine/bounds.hpp"
#include "sdk/engine/views/differences.hpp"

namespace sotto::engine {
namespace {

constexpr std::uint64_t kOpenEnd = INT64_MAX;
constexpr std::size_t kMaxWindow = 500;  ///< rows that are asked for at once

/// A row's identity: messages and holes do not share numbers, since ids of holes are made odd-one-out by the
/// top bit.
std::uint64_t key_of(const TimelineRow& row) {
  constexpr std::uint64_t kHoleBit = std::uint64_t{1} << 63;
  if (const auto* message = std::get_if<Message>(&row.content)) return message->local_id.value;
  const auto& hole = std::get<Hole>(row.content);
  return kHoleBit | (hole.cause == Hole::Cause::not_loaded ? 0 : hole.from.value + 1);
}

}  // namespace

Result<ViewNumber> Views::open_timeline(ConversationId id, const TimelineOptions& options) {
  if (timelines_.size() + lists_.size() >= kMaxViews)
    return Error(ErrorCode::rate_limited, "too many views are open");
  if (options.before > kMaxWindow || options.after > kMaxWindow)
    return Error(ErrorCode::invalid_argument, "a window begins with at most 500 rows on each side");
  auto conversation = directory_.find(id);
  if (!conversation) return conversation.error();

  TimelineView view;
  view.conversation = conversation->row;
  auto& messages = core_.read().messages;
  const std::uint64_t anchor = options.anchor ? options.anchor.value : kOpenEnd;
  view.first = anchor;
  view.last = anchor;
  if (anchor != kOpenEnd) {
    const auto newer = messages.after(view.conversation, anchor, options.after + 1);
    if (newer.size() <= options.after)
      view.last = kOpenEnd;
    else if (options.after > 0)
      view.last = newer[options.after - 1].position;
  }
  const auto older = messages.before(view.conversation, anchor, options.before + 1);
  if (older.size() <= options.before)
    view.first = 0;
  else if (options.before > 0)
    view.first = older[options.before - 1].position;
  const ViewNumber number{++last_};
  refresh(number, timelines_.emplace(number, std::move(view)).first->second);
  return number;
}

Result<ViewNumber> Views::open_conversation_list() {
  if (timelines_.size() + lists_.size() >= kMaxViews)
    return Error(ErrorCode::rate_limited, "too many views are open");
  if (lists_.empty()) {
    described_.clear();
    for (const auto& row : core_.read().conversations.all())
      described_[row.row] = {row.activity, reading_.describe(row)};
  }
  const ViewNumber number{++last_};
  lists_[number];
  refresh_list({});
  return number;
}

void Views::close(ViewNumber view) {
  timelines_.erase(view);
  lists_.erase(view);
  if (lists_.empty()) described_.clear();
}

void Views::moved(ConversationRow from, ConversationRow to) {
  for (auto& [number, view] : timelines_)
    if (view.conversation == from) view.conversation = to;
  described_.erase(from);
}

void Views::refresh(const std::map<ConversationRow, bool>& touched) {
  for (auto& [number, view] : timelines_)
    if (touched.contains(view.conversation)) refresh(number, view);
  if (!lists_.empty() && !touched.empty()) refresh_list(touched);
}

void Views::refresh_all() {
  std::map<ConversationRow, bool> all;
  for (const auto& row : core_.read().conversations.all())
    all[row.row] = true;
  std::erase_if(described_, [&](const auto& entry) { return !all.contains(entry.first); });
  refresh(all);
}

std::vector<TimelineRow> Views::query(const TimelineView& view) {
  std::vector<TimelineRow> rows;
  auto& store = core_.read();
  if (view.first == 0) {
    auto conversation = store.conversations.find(view.conversation);
    if (conversation && conversation->history_from)
      rows.push_back(
          {Hole{Hole::Cause::not_loaded, MessageId{}, MessageId{conversation->history_from.value - 1}}});
  }
  auto holes = store.holes.between(view.conversation, view.first, view.last);
  auto hole = holes.begin();
  for (store::StoredMessage& message : store.messages.between(view.conversation, view.first, view.last)) {
    for (; hole != holes.end() && hole->from.value <= message.position; ++hole)
      rows.push_back({*hole});
    rows.push_back({std::move(message.message)});
  }
  for (; hole != holes.end(); ++hole)
    rows.push_back({*hole});
  return rows;
}

void Views::refresh(ViewNumber number, TimelineView& view) {
  std::vector<TimelineRow> now = query(view);
  if (core_.read_error()) return;  // the rows stay as they are, and the next change tries again
  auto changes = differences(view.rows, now, key_of);
  view.rows = std::move(now);
  if (!changes.empty()) core_.perform(Effect(TimelineChanged{number, std::move(changes)}));
}

void Views::refresh_list(const std::map<ConversationRow, bool>& touched) {
  for (const auto& [row, wants_event] : touched) {
    auto stored = core_.read().conversations.find(row);
    if (!stored)
      described_.erase(row);
    else
      described_[row] = {stored->activity, reading_.describe(*stored)};
  }
  std::vector<const std::pair<std::uint64_t, Conversation>*> order;
  order.reserve(described_.size());
  for (auto it = described_.rbegin(); it != described_.rend(); ++it)  // rows descending, as the store does
    order.push_back(&it->second);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->first > b->first; });
  std::vector<Conversation> now;
  now.reserve(order.size());
  for (const auto* entry : order)
    now.push_back(entry->second);
  for (auto& [number, list] : lists_) {
    auto changes = differences(list.rows, now, [](const Conversation& c) { return c.id; });
    list.rows = now;
    if (!changes.empty()) core_.perform(Effect(ConversationListChanged{number, std::move(changes)}));
  }
}

bool Views::has_older(const TimelineView& view) {
  if (view.first != 0) return true;
  auto conversation = core_.read().conversations.find(view.conversation);
  return conversation && conversation->history_from;
}

bool Views::grow_older(TimelineView& view, std::size_t count) {
  if (view.first == 0) return false;
  const auto older = core_.read().messages.before(view.conversation, view.first, count + 1);
  if (older.empty()) {
    view.first = 0;
    return false;
  }
  view.first = older.size() <= count ? 0 : older[count - 1].position;
  return true;
}

bool Views::grow_newer(TimelineView& view, std::size_t count) {
  if (view.last == kOpenEnd) return false;
  const auto newer = core_.read().messages.after(view.conversation, view.last, count + 1);
  view.last = newer.size() <= count ? kOpenEnd : newer[count - 1].position;
  return view.last != kOpenEnd;
}

OperationNumber Views::load_older(ViewNumber number, std::size_t count, Reply<bool> reply) {
  auto found = timelines_.find(number);
  if (found == timelines_.end() || count == 0 || count > 100) {
    core_.stage_reply<bool>(std::move(reply),
                            Error(ErrorCode::invalid_argument, "no such view, or not 1 to 100 rows"));
    return {};
  }
  TimelineView& view = found->second;
  if (grow_older(view, count) || !has_older(view)) {
    refresh(number, view);
    core_.stage_reply<bool>(std::move(reply), has_older(view));
    return {};
  }
  auto conversation = core_.read().conversations.find(view.conversation);
  // The page it stores touches the conversation, which refreshes the view.
  return history_.fetch(*conversation, count, std::move(reply));
}

OperationNumber Views::load_newer(ViewNumber number, std::size_t count, Reply<bool> reply) {
  auto found = timelines_.find(number);
  if (found == timelines_.end() || count == 0 || count > 100) {
    core_.stage_reply<bool>(std::move(reply),
                            Error(ErrorCode::invalid_argument, "no such view, or not 1 to 100 rows"));
    return {};
  }
  const bool more = grow_newer(found->second, count);
  refresh(number, found->second);
  core_.stage_reply<bool>(std::move(reply), more);
  return {};
}

}  // namespace sotto::engine
