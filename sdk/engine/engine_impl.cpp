#include "sdk/engine/engine_impl.hpp"

#include <algorithm>

#include "base/protocol.hpp"
#include "sdk/engine/timing.hpp"

namespace sotto::engine {

Engine::Impl::Impl(std::shared_ptr<store::Store> store, Random& random, EngineOptions options)
    : core(std::move(store), random, std::move(options)) {
  // Frames are applied before what they free is sent, and what they bring is told in the same input.
  parts_ = {&session, &stream, &receipts, &outbox, &presence, &lookups, &search_indexing, &requests};
  for (Part* part : parts_)
    if (part != &session) session.add_listener(*part);
  directory.on_moved([this](ConversationRow from, ConversationRow to) {
    outbox.moved(from, to);
    views.moved(from, to);
  });
  session.on_server_time([this](Timestamp time) { outbox.server_time(time); });
  requests.on_signed_out([this](const Error& cause) { session.signed_out(cause); });
}

Engine::Impl::~Impl() {
  core.store->db.rollback();
}

Result<void> Engine::Impl::start(Now now) {
  mode_ = Mode::running;
  core.now = now;
  load();
  if (auto error = core.read_error()) {
    core.store->db.rollback();
    mode_ = Mode::created;
    return *error;
  }
  finish();
  return {};
}

void Engine::Impl::load() {
  core.load_account();
  for (Part* part : parts_)
    part->load();
}

std::optional<Error> Engine::Impl::refusal() const {
  switch (mode_) {
    case Mode::running:
      return std::nullopt;
    case Mode::suspended:
      return Error(ErrorCode::invalid_state, "the client is suspended");
    case Mode::created:
    case Mode::closed:
      break;
  }
  return Error(ErrorCode::invalid_state, "the client is closed");
}

std::optional<Error> Engine::Impl::account_refusal() const {
  if (auto refused = refusal()) return refused;
  if (!core.account) return Error(ErrorCode::invalid_state, "nobody has signed in yet");
  return std::nullopt;
}

// ---------------------------------------------------------------- the end of an input

void Engine::Impl::finish() {
  if (mode_ == Mode::running) work();
  const auto touched = core.take_touched();
  if (core.store->is_open()) settle_conversations(touched);

  const Result<void> committed = core.commit();
  auto replies = core.release(committed.ok());
  if (committed) {
    if (core.store->is_open()) views.refresh(touched);
    if (std::exchange(close_store_, false)) core.store->close();
    for (auto& reply : replies)
      reply(nullptr);
    return;
  }
  recover(committed.error());
  for (auto& reply : replies)
    reply(&committed.error());
}

void Engine::Impl::work() {
  for (Part* part : parts_)
    part->work();
  if (outbox.is_stuck() && core.connected())
    session.break_off(close_code::kNormal, Error(ErrorCode::timed_out, "the server does not acknowledge"));
  if (auto what = core.take_violation()) {
    stream.apply_batch();  // what came before it is good
    static_cast<void>(core.take_violation());
    const Error error(ErrorCode::protocol_violation, "the server breaks the protocol: " + *what);
    core.stage(Event(ErrorOccurred{error}));
    session.break_off(close_code::kProtocolError, error);
  }
  check_waiters();
}

void Engine::Impl::settle_conversations(const std::map<ConversationRow, bool>& touched) {
  for (const auto& [row, wants_event] : touched) {
    if (core.store->db.in_transaction()) core.write().conversations.touch(row);
    if (!wants_event) continue;
    auto conversation = core.read().conversations.find(row);
    if (conversation)
      core.stage(
          Event(ConversationChanged{reading.describe(*conversation), ConversationChange::updated, {}, {}}));
  }
}

void Engine::Impl::recover(const Error& error) {
  // As after a restart: memory may have run ahead of the store, so all of it is read again.
  if (const ConnectionNumber old = session.abandon(); old != ConnectionNumber::none)
    core.perform(Effect(CloseConnection{old, close_code::kNormal}));
  static_cast<void>(core.take_touched());
  close_store_ = false;
  load();
  core.stage(Event(ErrorOccurred{error}));
  // What loading has changed is bookkeeping that the next load does again: a second failure loses nothing.
  static_cast<void>(core.commit());
  core.release(true);
  views.refresh_all();
}

void Engine::Impl::check_waiters() {
  if (waiters_.empty()) return;
  const ConnectionState state = session.state();
  const bool synced = state == ConnectionState::online && outbox.settled();
  std::erase_if(waiters_, [&](const Waiter& waiter) {
    if (!operations.is_running(waiter.ticket.number)) return true;
    if (synced)
      operations.finish<void>(waiter.ticket, {});
    else if (state == ConnectionState::signed_out)
      operations.finish<void>(waiter.ticket, Error(ErrorCode::signed_out, "nobody is signed in"));
    else if (core.now.steady >= waiter.until)
      operations.finish<void>(waiter.ticket, Error(ErrorCode::timed_out, "not synced in time"));
    else
      return false;
    return true;
  });
}

std::optional<Milliseconds> Engine::Impl::next_deadline() const {
  if (mode_ != Mode::running) return std::nullopt;
  std::optional<Milliseconds> due;
  for (const Part* part : parts_)
    due = earlier(due, part->deadline());
  for (const Waiter& waiter : waiters_)
    due = earlier(due, waiter.until);
  return due;
}

// ---------------------------------------------------------------- the life of the client

OperationNumber Engine::Impl::wait_until_synced(Milliseconds timeout, Reply<void> reply) {
  auto ticket = operations.start(std::move(reply));
  waiters_.push_back(
      {ticket, core.now.steady + std::clamp(timeout, Milliseconds{0}, Milliseconds(hours(24)))});
  return ticket.number;
}

void Engine::Impl::stand_still(Mode mode) {
  receipts.flush();
  session.want(false);
  requests.cancel_all();
  operations.end_all(Error(ErrorCode::cancelled, "the client was suspended or closed"));
  waiters_.clear();
  mode_ = mode;
  close_store_ = true;
}

void Engine::Impl::suspend(Reply<void> reply) {
  wanted_before_suspend_ = session.wanted();
  stand_still(Mode::suspended);
  core.stage_reply<void>(std::move(reply), {});
}

void Engine::Impl::resume(Reply<void> reply) {
  if (mode_ != Mode::suspended) {
    core.stage_reply<void>(std::move(reply),
                           mode_ == Mode::running
                               ? Result<void>()
                               : Result<void>(Error(ErrorCode::invalid_state, "the client is closed")));
    return;
  }
  if (auto opened = core.store->reopen(); !opened) {
    core.stage_reply<void>(std::move(reply), std::move(opened));
    return;
  }
  mode_ = Mode::running;
  load();
  views.refresh_all();
  if (wanted_before_suspend_) session.want(true);
  core.stage_reply<void>(std::move(reply), {});
}

void Engine::Impl::close(Reply<void> reply) {
  if (mode_ == Mode::running) stand_still(Mode::closed);
  mode_ = Mode::closed;
  core.stage_reply<void>(std::move(reply), {});
}

}  // namespace sotto::engine
