#include "sdk/engine/core.hpp"

#include "sdk/engine/session/server_limits.hpp"
#include "sotto/lite/frames.pb.h"

namespace sotto::engine {

store::Store& Core::write() {
  // A begin that fails sticks in the connection, and the commit at the end of the input returns it.
  if (!store->db.in_transaction() && !store->db.failed()) {
    if (auto begun = store->db.begin(); !begun) store->db.fail(begun.error());
  }
  return *store;
}

std::optional<Error> Core::read_error() {
  if (!store->db.failed()) return std::nullopt;
  if (!store->db.in_transaction()) return store->db.take_error();
  return Error(ErrorCode::store_failed, "reading the local database failed");
}

void Core::send(const lite::ClientFrame& frame) {
  if (!connected()) return;
  SendFrame effect;
  effect.connection = ready;
  effect.frame.resize(frame.ByteSizeLong());
  frame.SerializeToArray(effect.frame.data(), static_cast<int>(effect.frame.size()));
  ++metrics.frames_out;
  metrics.bytes_out += effect.frame.size();
  stage(Effect(std::move(effect)));
}

void Core::stage_message(LocalId message, bool added) {
  auto stored = read().messages.find(message);
  if (!stored) return;
  touch(stored->conversation);
  if (added)
    stage(Event(MessageAdded{std::move(stored->message)}));
  else
    stage(Event(MessageChanged{std::move(stored->message)}));
}

void Core::violation(std::string what) {
  ++metrics.protocol_violations;
  if (!violation_) violation_ = std::move(what);
}

Result<void> Core::commit() {
  if (!store->db.in_transaction()) {
    auto stuck = store->db.take_error();
    return stuck ? Result<void>(*stuck) : Result<void>();
  }
  ++metrics.commits;
  return store->db.commit();
}

std::vector<Core::StagedReply> Core::release(bool committed) {
  auto effects = std::exchange(staged_effects_, {});
  auto events = std::exchange(staged_events_, {});
  if (committed) {
    std::move(effects.begin(), effects.end(), std::back_inserter(effects_));
    std::move(events.begin(), events.end(), std::back_inserter(events_));
  }
  return std::exchange(staged_replies_, {});
}

void Core::load_account() {
  account.reset();
  auto stored = store->account.load();
  if (!stored) return;
  account.emplace();
  account->account = stored->account;
  account->tokens = std::move(stored->tokens);
  account->cursor = stored->cursor;
  account->delivered_told = stored->delivered_told;
  account->stream_start = stored->stream_start;
  account->inbox_loaded = stored->inbox_loaded;
  account->stream_id = stored->stream_id;
  account->limits = limits_of(stored->limits);
}

}  // namespace sotto::engine
