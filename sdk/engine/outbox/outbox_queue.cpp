// The lanes of the outbox: what waits, what is in flight, what goes out next.
#include <algorithm>
#include <utility>

#include "base/mutant.hpp"
#include "base/snowflake.hpp"
#include "sdk/engine/bounds.hpp"
#include "sdk/engine/outbox/outbox.hpp"
#include "sdk/engine/timing.hpp"
#include "sotto/lite/frames.pb.h"

namespace sotto::engine {
namespace {

/// Clocks are commonly off by this much: not worth dating the outbox anew.
constexpr Milliseconds kClockTolerance = std::chrono::minutes(1);

}  // namespace

void Outbox::load() {
  lanes_.clear();
  by_key_.clear();
  by_message_.clear();
  expiries_.clear();
  sent_.clear();
  runnable_.clear();
  unaddressed_.clear();
  held_.clear();
  addresses_expected_ = true;
  clock_.start(core_.now, core_.account ? snowflake_time(core_.account->cursor) : Timestamp{});
  for (const store::OutboxEntry& stored : core_.read().outbox.all()) {
    Entry entry;
    entry.message = stored.message;
    entry.key = stored.key;
    entry.attempts = stored.attempts;
    entry.receiver_id = stored.receiver_id;
    entry.expires_at = stored.expires_at;
    entry.state = stored.state;
    entry.queued_at = core_.now.steady;
    if (mutant(Mutant::resend_forgotten) && entry.state == MessageState::in_flight) continue;
    if (mutant(Mutant::key_not_kept) && entry.attempts > 0)
      entry.key = make_uuid_v7(core_.now.wall, core_.random);
    if (entry.state == MessageState::in_flight || entry.state == MessageState::encrypting)
      set_state(entry, MessageState::queued, "restarted");
    insert(stored.conversation, entry);
  }
  // For how long the device was off only its wall clock tells: nothing expires for that before the server has
  // said what time it is.
  if (!clock_.confirmed()) expiries_.clear();
  for (auto& [row, lane] : lanes_)
    reblock(lane);
}

void Outbox::connected() {
  addresses_expected_ = true;
}

void Outbox::server_time(Timestamp time) {
  const bool first = !clock_.confirmed();
  const Milliseconds behind = clock_.hear(time, core_.now);
  if (!first) return;
  // What this run has dated so far, it dated by a clock that has turned out to be wrong.
  if (std::chrono::abs(behind) > kClockTolerance) {
    for (const auto& [at, message] : std::exchange(expiries_, {})) {
      auto found = find(message);
      if (!found) continue;
      found->entry().expires_at = at + behind;
      core_.write().messages.set_expiry(message, at + behind);
      core_.touch(found->lane->first);
    }
  }
  for (auto& [row, lane] : lanes_)
    for (const Entry& entry : lane.entries)
      watch_expiry(entry);
}

void Outbox::disconnected() {
  for (auto& [row, lane] : lanes_) {
    for (Entry& entry : lane.entries) {
      if (entry.state != MessageState::in_flight) continue;
      leave_flight(lane, entry);
      set_state(entry, MessageState::queued, "connection_closed");
    }
    reblock(lane);
    runnable_.insert(row);
  }
}

void Outbox::work() {
  core_.metrics.queue_depth = depth();
  expire();
  if (!core_.connected()) return;
  find_unaddressed();
  // A copy: a lane leaves the set inside.
  for (ConversationRow row : std::vector(runnable_.begin(), runnable_.end())) {
    if (sent_.size() >= kInFlightTotal) break;
    auto lane = lanes_.find(row);
    if (lane == lanes_.end())
      runnable_.erase(row);
    else
      pump(row, lane->second);
  }
}

void Outbox::watch_expiry(const Entry& entry) {
  if (entry.expires_at && entry.state != MessageState::failed)
    expiries_.emplace(*entry.expires_at, entry.message);
}

void Outbox::expire() {
  const Timestamp now = clock_.earlier(core_.now);
  while (!expiries_.empty() && expiries_.begin()->first <= now) {
    const auto [at, message] = *expiries_.begin();
    expiries_.erase(expiries_.begin());
    auto found = find(message);
    // In flight: the answer decides. It comes back here when the connection is lost instead.
    if (!found || !waits(found->entry())) continue;
    ++core_.metrics.messages_failed;
    set_state(found->entry(), MessageState::expired, "expired");
    core_.write().outbox.remove(message);
    erase(*found);
  }
}

void Outbox::find_unaddressed() {
  // A copy: a lane leaves the set inside.
  for (ConversationRow row : std::vector(runnable_.begin(), runnable_.end())) {
    auto lane = lanes_.find(row);
    if (lane == lanes_.end() || lane->second.addressed) continue;
    auto conversation = core_.read().conversations.find(row);
    lane->second.addressed = conversation && (conversation->id || conversation->peer_id);
    if (lane->second.addressed) continue;
    runnable_.erase(row);
    if (lane->second.failed.empty()) unaddressed_.emplace(lane->second.entries.front().message, row);
  }
}

void Outbox::forget_unaddressed(const Lane& lane) {
  if (!lane.entries.empty() && unaddressed_.erase(lane.entries.front().message) > 0) release_held();
}

void Outbox::release_held() {
  runnable_.merge(held_);
  held_.clear();
}

std::optional<LocalId> Outbox::held_behind(const store::StoredConversation& conversation) {
  if (!addresses_expected_ || unaddressed_.empty()) return std::nullopt;
  if (conversation.kind == ConversationKind::group) return std::nullopt;
  return unaddressed_.begin()->first;
}

void Outbox::pump(ConversationRow row, Lane& lane) {
  if (lane.resting) {
    if (lane.in_flight > 0 || core_.now.steady < lane.rest_until) return;  // stays runnable
    lane.resting = false;
  }
  auto conversation = core_.read().conversations.find(row);
  if (!conversation) return;
  const auto behind = held_behind(*conversation);
  if (mutant(Mutant::resend_reordered)) {
    for (auto entry = lane.entries.rbegin(); entry != lane.entries.rend(); ++entry)
      if (entry->state == MessageState::queued && entry->attempts > 0) transmit(lane, *entry, *conversation);
  }
  for (Entry& entry : lane.entries) {
    if (entry.state == MessageState::failed || lane.in_flight >= kInFlightPerConversation) break;
    if (behind && entry.message > *behind) {
      held_.insert(row);
      break;
    }
    if (sent_.size() >= kInFlightTotal) return;  // stays runnable
    if (entry.state == MessageState::queued) transmit(lane, entry, *conversation);
  }
  runnable_.erase(row);
}

void Outbox::transmit(Lane& lane, Entry& entry, const store::StoredConversation& conversation) {
  auto stored = core_.read().messages.find(entry.message);
  if (!stored) return;
  if (entry.attempts == 0 && !conversation.id) entry.receiver_id = conversation.peer_id;
  if (entry.attempts > 0) ++core_.metrics.resends;
  ++entry.attempts;

  lite::ClientFrame frame;
  lite::OutgoingMessage& out = *frame.mutable_message();
  out.set_idempotency_key(to_string(entry.key));
  if (entry.receiver_id)
    out.set_receiver_id(entry.receiver_id.value);
  else
    out.set_conversation_id(conversation.id.value);
  // The body is made here and nowhere else, at the moment of sending and inside the transaction: where the
  // message is encrypted, with the epoch of now, and the state of the encryption saved.
  out.set_content(stored->message.text);
  if (stored->message.media_url) out.set_media_url(*stored->message.media_url);
  if (stored->message.reply_to) out.set_reply_to_message_id(stored->message.reply_to->value);

  core_.write().outbox.set_attempt(entry.message, entry.attempts, entry.receiver_id);
  entry.sent_at = core_.now.steady;
  sent_.emplace(entry.sent_at, entry.message);
  ++lane.in_flight;
  set_state(entry, MessageState::in_flight, "");
  core_.send(frame);
}

std::optional<Milliseconds> Outbox::deadline() const {
  std::optional<Milliseconds> due;
  if (!expiries_.empty()) {
    const auto left = std::max(Milliseconds{0}, expiries_.begin()->first - clock_.earlier(core_.now));
    due = core_.now.steady + left;
  }
  if (!core_.connected()) return due;
  if (!sent_.empty()) due = earlier(due, sent_.begin()->first + kAckWithin);
  if (sent_.size() >= kInFlightTotal) return due;  // an ack comes first
  for (ConversationRow row : runnable_) {
    auto lane = lanes_.find(row);
    if (lane != lanes_.end() && lane->second.resting && lane->second.in_flight == 0)
      due = earlier(due, lane->second.rest_until);
  }
  return due;
}

std::optional<Outbox::Found> Outbox::find(LocalId message) {
  auto row = by_message_.find(message);
  if (row == by_message_.end()) return std::nullopt;
  auto lane = lanes_.find(row->second);
  auto& entries = lane->second.entries;
  auto at = std::lower_bound(entries.begin(), entries.end(), message,
                             [](const Entry& e, LocalId id) { return e.message < id; });
  return Found{lane, static_cast<std::size_t>(at - entries.begin())};
}

std::optional<Outbox::Found> Outbox::find(const Uuid& key) {
  auto known = by_key_.find(key);
  return known == by_key_.end() ? std::nullopt : find(known->second.second);
}

void Outbox::insert(ConversationRow row, const Entry& entry) {
  by_key_[entry.key] = {row, entry.message};
  by_message_[entry.message] = row;
  watch_expiry(entry);
  Lane& lane = lanes_[row];
  forget_unaddressed(lane);  // its first message may be this one
  if (entry.state == MessageState::failed) lane.failed.insert(entry.message);
  auto& entries = lane.entries;
  auto at = std::lower_bound(entries.begin(), entries.end(), entry.message,
                             [](const Entry& e, LocalId id) { return e.message < id; });
  entries.insert(at, entry);
  runnable_.insert(row);
}

void Outbox::erase(const Found& found) {
  Lane& lane = found.lane->second;
  const Entry& entry = found.entry();
  const ConversationRow row = found.lane->first;
  if (auto key = by_key_.find(entry.key); key != by_key_.end() && key->second.second == entry.message)
    by_key_.erase(key);
  if (entry.expires_at) expiries_.erase({*entry.expires_at, entry.message});
  by_message_.erase(entry.message);
  forget_unaddressed(lane);
  lane.failed.erase(entry.message);
  lane.entries.erase(lane.entries.begin() + static_cast<std::ptrdiff_t>(found.index));
  if (lane.entries.empty()) {
    lanes_.erase(found.lane);
    runnable_.erase(row);
  } else {
    runnable_.insert(row);
  }
}

void Outbox::leave_flight(Lane& lane, Entry& entry) {
  --lane.in_flight;
  sent_.erase({entry.sent_at, entry.message});
  watch_expiry(entry);
}

void Outbox::set_state(Entry& entry, MessageState state, const std::string& cause) {
  entry.state = state;
  auto& store = core_.write();
  store.messages.set_state(entry.message, state);
  store.messages.record(entry.message, {core_.now.wall, state, entry.attempts, cause});
  core_.stage_message(entry.message, false);
}

void Outbox::reblock_row(ConversationRow row) {
  if (auto lane = lanes_.find(row); lane != lanes_.end()) reblock(lane->second);
}

void Outbox::reblock(Lane& lane) {
  bool behind = false;
  for (Entry& entry : lane.entries) {
    if (entry.state == MessageState::failed) {
      behind = true;
    } else if (waits(entry)) {
      const MessageState wanted = behind ? MessageState::blocked : MessageState::queued;
      if (entry.state != wanted) set_state(entry, wanted, behind ? "an earlier message failed" : "unblocked");
    }
  }
}

}  // namespace sotto::engine
