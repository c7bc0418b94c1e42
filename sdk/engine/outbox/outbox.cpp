#include "sdk/engine/outbox/outbox.hpp"

#include <algorithm>

#include "base/mutant.hpp"
#include "base/text_rules.hpp"
#include "base/utf8.hpp"
#include "sdk/engine/bounds.hpp"
#include "sdk/engine/session/backoff.hpp"
#include "sdk/engine/session/error_words.hpp"
#include "sdk/engine/stream/status.hpp"
#include "sdk/engine/timing.hpp"
#include "sdk/store/schema.hpp"
#include "sotto/lite/frames.pb.h"

namespace sotto::engine {
namespace {

/// Refused for now: the same message is sent again. Everything else is for good.
bool is_passing(ErrorCode code) {
  return code == ErrorCode::internal || code == ErrorCode::rate_limited ||
         code == ErrorCode::server_unavailable ||
         code == ErrorCode::signed_out;  // it waits for somebody to sign in
}

/// Whether a person can change what made the server refuse: come back into the group, be unblocked.
bool can_retry(ErrorCode code) {
  return code != ErrorCode::too_large && code != ErrorCode::invalid_argument &&
         code != ErrorCode::idempotency_mismatch && code != ErrorCode::encryption_required;
}

}  // namespace

// ---------------------------------------------------------------- the app

Result<void> Outbox::check(const OutgoingMessage& message) const {
  const ProtocolLimits limits = core_.limits();
  if (message.text.empty()) return Error(ErrorCode::invalid_argument, "the text is empty");
  if (message.text.size() > limits.text_bytes)
    return Error(ErrorCode::invalid_argument, "the text has " + std::to_string(message.text.size()) +
                                                  " bytes; " + std::to_string(limits.text_bytes) +
                                                  " is the most");
  if (!is_valid_utf8(message.text)) return Error(ErrorCode::invalid_argument, "the text is not UTF-8");
  if (message.media_url && !is_media_url(*message.media_url, limits.media_url_bytes))
    return Error(ErrorCode::invalid_argument,
                 "the media URL is not 1 to " + std::to_string(limits.media_url_bytes) + " ASCII characters");
  if (message.reply_to && !store::is_valid_id(message.reply_to->value))
    return Error(ErrorCode::invalid_argument, "reply_to is out of range");
  if (message.expires_after && message.expires_after->count() <= 0)
    return Error(ErrorCode::invalid_argument, "expires_after is not positive");
  return {};
}

Result<SendReceipt> Outbox::send(const store::StoredConversation& conversation,
                                 const OutgoingMessage& message) {
  if (!conversation.is_member || conversation.is_deleted)
    return Error(ErrorCode::not_a_member, "not a member of this conversation any more");
  if (depth() >= kOutboxLimit) return Error(ErrorCode::rate_limited, "too many messages wait to be sent");

  Entry entry;
  entry.key = make_uuid_v7(core_.now.wall, core_.random);
  entry.expires_at = clock_.later(core_.now) + message.expires_after.value_or(core_.options.outbox_expiry);
  entry.queued_at = core_.now.steady;
  entry.queued_online = core_.connected();

  store::NewMessage row;
  row.conversation = conversation.row;
  row.sender_id = core_.me();
  row.sender_device_id = core_.account->account.device_id;
  row.is_mine = true;
  row.text = message.text;
  row.media_url = message.media_url;
  row.reply_to = message.reply_to;
  row.created_at = core_.now.wall;
  row.state = MessageState::queued;
  row.key = entry.key;
  row.expires_at = entry.expires_at;
  auto& store = core_.write();
  entry.message = store.messages.insert(row);
  if (!mutant(Mutant::outbox_row_lost)) store.outbox.add(entry.message, conversation.row);
  store.messages.record(entry.message, {core_.now.wall, MessageState::queued, 0, ""});
  const LocalId local = entry.message;
  core_.touch(conversation.row);
  insert(conversation.row, entry);
  core_.stage_message(local, true);
  if (!lanes_[conversation.row].failed.empty())
    set_state(find(local)->entry(), MessageState::blocked, "an earlier message failed");
  return SendReceipt{local, conversation.public_id()};
}

Result<void> Outbox::cancel(LocalId message) {
  auto found = find(message);
  if (!found) {
    if (!core_.read().messages.place(message)) return Error(ErrorCode::not_found, "there is no such message");
    return Error(ErrorCode::invalid_state, "the message is not waiting to be sent");
  }
  Entry& entry = found->entry();
  if (!waits(entry) || entry.attempts > 0)
    return Error(ErrorCode::invalid_state, "the message was given to the network already");
  set_state(entry, MessageState::cancelled, "cancelled");
  core_.write().outbox.remove(message);
  erase(*found);
  return {};
}

Result<void> Outbox::retry(LocalId message) {
  const Timestamp expires_at = clock_.later(core_.now) + core_.options.outbox_expiry;
  if (auto found = find(message)) {
    Entry& entry = found->entry();
    if (entry.state != MessageState::failed)
      return Error(ErrorCode::invalid_state, "the message has not failed");
    entry.expires_at = expires_at;
    watch_expiry(entry);
    core_.write().messages.set_expiry(message, expires_at);
    found->lane->second.failed.erase(message);
    set_state(entry, MessageState::queued, "retry");
    reblock(found->lane->second);
    runnable_.insert(found->lane->first);
    return {};
  }
  auto stored = core_.read().messages.find(message);
  if (!stored) return Error(ErrorCode::not_found, "there is no such message");
  if (stored->message.state != MessageState::expired)
    return Error(ErrorCode::invalid_state, "the message has neither failed nor expired");
  Entry entry;
  entry.message = message;
  entry.key = parse_uuid(stored->message.idempotency_key).value_or(Uuid{});
  entry.expires_at = expires_at;
  auto& store = core_.write();
  store.messages.set_expiry(message, expires_at);
  store.outbox.add(message, stored->conversation);
  set_state(entry, MessageState::queued, "retry");
  insert(stored->conversation, entry);
  reblock(lanes_[stored->conversation]);
  return {};
}

Result<void> Outbox::remove(LocalId message) {
  auto stored = core_.read().messages.find(message);
  if (!stored) return Error(ErrorCode::not_found, "there is no such message");
  const MessageState state = stored->message.state;
  if (state != MessageState::failed && state != MessageState::expired && state != MessageState::cancelled)
    return Error(ErrorCode::invalid_state, "only failed, expired and cancelled messages are deleted here");
  if (auto found = find(message)) erase(*found);
  core_.write().messages.remove(message);
  core_.touch(stored->conversation);
  core_.stage(Event(MessageRemoved{message, stored->message.conversation_id}));
  reblock_row(stored->conversation);
  return {};
}

// ---------------------------------------------------------------- the server

void Outbox::on_ack(const lite::Ack& ack) {
  const auto key = parse_uuid(ack.idempotency_key());
  auto found = key ? find(*key) : std::nullopt;
  if (!found) return;  // acknowledged before: the answer to a resend that was not needed
  if (!is_plausible_time(ack.created_at())) return core_.violation("an ack's created_at is out of range");
  acknowledged(*found, MessageId{ack.message_id()}, ConversationId{ack.conversation_id()},
               state_of(ack.status()), from_unix_ms(ack.created_at()), "acknowledged");
}

void Outbox::on_seen(const store::MessagePlace& place, MessageId id, ConversationId conversation,
                     MessageState status, Timestamp created_at) {
  auto found = find(place.local_id);
  if (!found) {
    // It had expired here although the server got it, and only the answer was lost.
    Entry entry;
    entry.message = place.local_id;
    insert(place.conversation, entry);
    found = find(place.local_id);
  }
  acknowledged(*found, id, conversation, status, created_at, "seen in the stream");
}

void Outbox::acknowledged(Found found, MessageId id, ConversationId conversation, MessageState status,
                          Timestamp created_at, const std::string& cause) {
  const LocalId message = found.entry().message;
  const ConversationRow row = found.lane->first;
  if (!store::is_valid_id(id.value) || !store::is_valid_id(conversation.value))
    return core_.violation("an ack's ids are out of range");
  auto other = core_.read().messages.place_of_id(id);
  if (other && other->local_id != message) return core_.violation("an ack names the id of another message");
  auto stored = core_.read().conversations.find(row);
  if (!stored) return;
  if (stored->id && stored->id != conversation)
    return core_.violation("an ack names another conversation than the message's");
  if (!stored->id) {
    directory_.identify(row, conversation);
    found = *find(message);  // its lane may have moved
  }
  const ConversationRow now_in = found.lane->first;
  Lane& lane = found.lane->second;
  Entry& entry = found.entry();
  if (entry.state == MessageState::in_flight) {
    if (entry.queued_online && entry.attempts == 1) samples_.add(core_.now.steady - entry.queued_at);
    leave_flight(lane, entry);
  }
  if (!lane.resting) lane.rests = 0;
  auto& store = core_.write();
  store.messages.acknowledge(message, id, created_at);
  store.outbox.remove(message);
  ++core_.metrics.messages_sent;
  const bool unblocks = entry.state == MessageState::failed;
  set_state(entry, std::max(status, MessageState::sent), cause);
  erase(found);
  if (unblocks) reblock_row(now_in);
}

bool Outbox::on_error(const lite::Error& error) {
  const auto key = parse_uuid(error.idempotency_key());
  auto found = key ? find(*key) : std::nullopt;
  if (!found) return false;
  Entry& entry = found->entry();
  if (entry.state != MessageState::in_flight) return true;
  Lane& lane = found->lane->second;
  leave_flight(lane, entry);
  // The server's own text may quote the message: only its word is kept.
  Error cause(code_of_word(error.code()), "the server refused the message: " + error.code().substr(0, 64));
  cause.retry_after = std::min(Milliseconds(error.retry_after_ms()), kLongestServerDelay);
  runnable_.insert(found->lane->first);
  if (is_passing(cause.code))
    rest(lane, entry, cause);
  else
    fail(lane, entry, cause);
  return true;
}

void Outbox::rest(Lane& lane, Entry& entry, const Error& cause) {
  set_state(entry, MessageState::queued, std::string(to_string(cause.code)));
  if (!lane.resting) {
    lane.resting = true;
    lane.rest_until = core_.now.steady + full_jitter(core_.random, kResendBase, kResendCap, lane.rests++);
  }
  lane.rest_until = std::max(lane.rest_until, core_.now.steady + cause.retry_after);
  if (!lane.failed.empty()) reblock(lane);
}

void Outbox::fail(Lane& lane, Entry& entry, const Error& cause) {
  ++core_.metrics.messages_failed;
  auto& store = core_.write();
  store.messages.set_failure(entry.message, cause, can_retry(cause.code));
  store.messages.record(entry.message, {core_.now.wall, MessageState::failed, entry.attempts,
                                        std::string(to_string(cause.code))});
  entry.state = MessageState::failed;
  lane.failed.insert(entry.message);
  if (entry.expires_at) expiries_.erase({*entry.expires_at, entry.message});
  core_.stage_message(entry.message, false);
  reblock(lane);
}

// ---------------------------------------------------------------- other parts

void Outbox::moved(ConversationRow from, ConversationRow to) {
  auto lane = lanes_.find(from);
  if (lane == lanes_.end()) return;
  Lane old = std::move(lane->second);
  lanes_.erase(lane);
  runnable_.erase(from);
  forget_unaddressed(old);
  Lane& target = lanes_[to];
  forget_unaddressed(target);
  target.addressed = false;  // looked at anew
  for (Entry& entry : old.entries) {
    by_key_[entry.key] = {to, entry.message};
    by_message_[entry.message] = to;
    target.entries.push_back(entry);
  }
  std::sort(target.entries.begin(), target.entries.end(),
            [](const Entry& a, const Entry& b) { return a.message < b.message; });
  target.failed.merge(old.failed);
  target.in_flight += old.in_flight;
  target.resting = target.resting || old.resting;
  target.rest_until = std::max(target.rest_until, old.rest_until);
  target.rests = std::max(target.rests, old.rests);
  reblock(target);
  runnable_.insert(to);
}

void Outbox::addressed(ConversationRow conversation) {
  auto lane = lanes_.find(conversation);
  if (lane == lanes_.end()) return;
  forget_unaddressed(lane->second);
  runnable_.insert(conversation);
}

void Outbox::fail_unaddressed(ConversationRow conversation, const Error& cause) {
  auto lane = lanes_.find(conversation);
  if (lane == lanes_.end()) return;
  forget_unaddressed(lane->second);
  for (Entry& entry : lane->second.entries)
    if (waits(entry)) return fail(lane->second, entry, cause);
}

void Outbox::expect_addresses(bool expected) {
  addresses_expected_ = expected;
  if (!expected) release_held();
}

std::optional<LocalId> Outbox::blocked_by(ConversationRow conversation) const {
  auto lane = lanes_.find(conversation);
  if (lane == lanes_.end()) return std::nullopt;
  return lane->second.failed.empty() ? std::nullopt : std::optional(*lane->second.failed.begin());
}

bool Outbox::settled() const {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) {
    return std::all_of(lane.second.entries.begin(), lane.second.entries.end(), [](const Entry& e) {
      return e.state == MessageState::failed || e.state == MessageState::blocked;
    });
  });
}

bool Outbox::is_stuck() const {
  return !sent_.empty() && core_.now.steady >= sent_.begin()->first + kAckWithin;
}

}  // namespace sotto::engine
