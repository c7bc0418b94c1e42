#include "server/gateway/session/shard.hpp"

#include <algorithm>
#include <optional>
#include <variant>

#include "base/mutant.hpp"
#include "server/gateway/session/frames.hpp"
#include "server/gateway/session/session_jobs.hpp"

namespace sotto::server {

namespace {

/// Heartbeats have a TTL of 90 s; looking so often is often enough to be within a few seconds of it.
constexpr Milliseconds kHousekeeping = std::chrono::seconds(5);

/// Receipts that could not be written: a fault that will not pass in a moment.
constexpr Milliseconds kReceiptsRetry = std::chrono::seconds(1);
/// The writer's queue was full: about the time of a batch.
constexpr Milliseconds kReceiptsBusy{5};

}  // namespace

Shard::Shard(std::uint32_t index, ShardDriver& driver, Application& app, const SessionSettings& settings,
             ShardPeers& peers)
    : index_(index),
      driver_(driver),
      app_(app),
      settings_(settings),
      metrics_(app.ports.metrics),
      peers_(peers),
      next_housekeeping_(driver.now() + kHousekeeping),
      receipts_(app.limits.receipt_flush) {
  settings_.limits = protocol_limits(app.limits);
}

// ---------------------------------------------------------------- sessions come and go

Session& Shard::open(Caller caller, WireFormat format, SessionSink& sink, std::string token) {
  const SessionRef ref{.thread = index_, .connection = ++last_connection_};
  Entry& entry = sessions_[ref.connection];
  entry.session = std::make_unique<Session>(ref, caller, format, sink, *this);
  metrics_.sessions_open.add(1);
  // Registered before its first page can be read: what is committed from now on is told to it or in the page.
  if (const auto older = app_.ports.registry.add(caller.user, {.session = ref, .device = caller.device})) {
    metrics_.sessions_superseded.add();
    peers_.supersede(older->session);
  }
  entry.session->start(std::move(token));
  arm();
  return *entry.session;
}

void Shard::left(const Session& session) {
  app_.ports.registry.remove(session.caller().user, session.ref());
  peers_.gone(session.caller().user, session.ref());
}

void Shard::erase(SessionRef ref) {
  const auto found = sessions_.find(ref.connection);
  if (found == sessions_.end()) return;
  if (!found->second.session->closed()) left(*found->second.session);
  wakes_.erase({found->second.wake, ref.connection});
  sessions_.erase(found);
  metrics_.sessions_open.add(-1);
}

Session* Shard::find(SessionRef ref) {
  const auto found = sessions_.find(ref.connection);
  return found == sessions_.end() ? nullptr : found->second.session.get();
}

void Shard::drain(Milliseconds spread) {
  std::vector<Session*> all;  // a session that closes itself stays until its connection is gone
  all.reserve(sessions_.size());
  for (auto& [connection, entry] : sessions_)
    all.push_back(entry.session.get());
  for (Session* session : all) {
    const auto share =
        app_.ports.random.below(static_cast<std::uint64_t>(std::max<Milliseconds::rep>(spread.count(), 1)));
    session->drain(Milliseconds(static_cast<Milliseconds::rep>(share)));
  }
}

// ---------------------------------------------------------------- time

void Shard::wake_at(const Session& session, Timestamp at) {
  const auto found = sessions_.find(session.ref().connection);
  if (found == sessions_.end() || found->second.wake <= at) return;
  wakes_.erase({found->second.wake, session.ref().connection});
  found->second.wake = at;
  wakes_.insert({at, session.ref().connection});
  arm();
}

void Shard::arm() {
  Timestamp next = next_housekeeping_;
  if (!wakes_.empty()) next = std::min(next, wakes_.begin()->first);
  if (!receipts_under_way_) {
    next = std::min(next, receipts_retry_);
    if (receipts_retry_ == Timestamp::max())
      next = std::min(next, receipts_.due_at().value_or(Timestamp::max()));
  }
  if (next == armed_) return;
  armed_ = next;
  driver_.wake_at(next);
}

void Shard::on_wake() {
  armed_ = Timestamp::max();
  const Timestamp now = driver_.now();
  while (!wakes_.empty() && wakes_.begin()->first <= now) {
    const std::uint64_t connection = wakes_.begin()->second;
    wakes_.erase(wakes_.begin());
    Entry& entry = sessions_.at(connection);
    entry.wake = Timestamp::max();
    entry.session->on_wake();
  }
  if (receipts_retry_ == Timestamp::max() ? receipts_.due(now) : now >= receipts_retry_) flush_receipts();
  if (now >= next_housekeeping_) {
    next_housekeeping_ = now + kHousekeeping;
    peers_.housekeeping(index_);
  }
  arm();
}

// ---------------------------------------------------------------- what was committed

void Shard::deliver(const Delivery& delivery) {
  // One encoded frame for all recipients of an event; two where not everybody is shown all of it.
  std::optional<FrameSource> frames[2];
  std::uint32_t event = 0;
  for (const Delivery::Target& target : delivery.targets) {
    if (target.event != event) {
      event = target.event;
      frames[0].reset();
      frames[1].reset();
    }
    const auto found = sessions_.find(target.connection);
    if (found == sessions_.end()) continue;
    deliver_to(*found->second.session, delivery.batch->events[event], target, frames[target.whole ? 1 : 0]);
  }
}

void Shard::deliver_to(Session& session, const Event& event, const Delivery::Target& target,
                       std::optional<FrameSource>& frame) {
  if (const auto* answered = std::get_if<MessageAnswered>(&event)) {
    session.on_answered(answered->key, answered->outcome);
  } else if (const auto* stored = std::get_if<ElementStored>(&event)) {
    const StreamElement& element = stored->element;
    if (!frame) frame.emplace(to_frame(element.value, target.whole));
    if (std::holds_alternative<MessageView>(element.value)) metrics_.messages_pushed.add();
    session.on_live(element.place, *frame);
  } else if (std::holds_alternative<DeviceRevoked>(event)) {
    if (mutant(Mutant::revoked_connection_stays)) return;
    session.close(close_code::kTokenInvalid, "signed out");
  }
}

void Shard::tell_typing(const Caller& from, ConversationId conversation,
                        std::span<const std::uint64_t> connections) {
  FrameSource frame(typing_frame(conversation, from.user));
  for (const std::uint64_t connection : connections) {
    const auto found = sessions_.find(connection);
    if (found != sessions_.end()) found->second.session->tell(frame);
  }
}

void Shard::tell_presence(std::span<const PresenceNotice> notices) {
  std::optional<FrameSource> frame;
  const PresenceNotice* last = nullptr;
  for (const PresenceNotice& notice : notices) {
    // Many watchers of one person come one after the other.
    const bool same = last != nullptr && last->user == notice.user && last->online == notice.online &&
                      last->last_seen_at == notice.last_seen_at;
    if (!same) frame.emplace(to_frame(notice));
    last = &notice;
    if (Session* session = find(notice.to)) session->tell(*frame);
  }
}

// ---------------------------------------------------------------- what sessions ask for

void Shard::post_to(SessionRef ref, std::function<void(Session&)> work) {
  driver_.post([this, ref, work = std::move(work)] {
    if (Session* session = find(ref)) work(*session);
  });
}

bool Shard::submit(const Session& session, NewMessage& message, const std::shared_ptr<SendBarrier>& barrier) {
  const SessionRef ref = session.ref();
  auto job = std::make_unique<MessageJob>(
      app_.services.messages, ref, session.caller(), std::move(message), barrier,
      [this, ref](const Uuid& key) {
        post_to(ref, [key](Session& s) { s.on_answered(key, storage_failed()); });
      });
  MessageJob& ours = *job;
  std::unique_ptr<WriteJob> work = std::move(job);
  if (app_.ports.storage.write(work)) return true;
  message = std::move(ours).take();
  return false;
}

bool Shard::read_page(const Session& session, Place after, Place receipts_after) {
  const SessionRef ref = session.ref();
  std::unique_ptr<ReadJob> job = std::make_unique<PageJob>(
      app_.services.streams,
      PageJob::Request{.caller = session.caller(),
                       .format = session.format(),
                       .after = after,
                       .options = {.elements = settings_.page_elements, .receipts_after = receipts_after},
                       .bytes = settings_.page_bytes},
      [this, ref](std::shared_ptr<CatchUpPage> page) {
        post_to(ref, [page = std::move(page)](Session& s) { s.on_page(std::move(*page)); });
      });
  return app_.ports.storage.read(job);
}

bool Shard::check_token(const Session& session, std::string token) {
  const SessionRef ref = session.ref();
  std::unique_ptr<ReadJob> job = std::make_unique<TokenJob>(
      app_.services.auth, session.caller().user, std::move(token), [this, ref](ServiceResult<Bearer> who) {
        post_to(ref, [who = std::move(who)](Session& s) { s.on_token(who); });
      });
  return app_.ports.storage.read(job);
}

bool Shard::typing(const Session& session, ConversationId conversation) {
  const SessionRef ref = session.ref();
  std::unique_ptr<ReadJob> job = std::make_unique<TypingJob>(
      app_.services.conversations, session.caller(), conversation,
      [this, ref, from = session.caller()](ServiceResult<ConversationPtr> found) {
        if (found) return peers_.typing(from, **found);
        post_to(ref, [error = found.error()](Session& s) { s.on_refused(error); });
      });
  return app_.ports.storage.read(job);
}

bool Shard::watch(const Session& session, std::vector<UserId> users) {
  const SessionRef ref = session.ref();
  const UserId viewer = session.caller().user;
  std::unique_ptr<ReadJob> job = std::make_unique<LookJob>(
      viewer, std::move(users), [this, ref, viewer](std::vector<PresenceView> views) {
        // Through the session's own thread, so that it cannot come after the session's end.
        post_to(ref, [this, viewer, views = std::move(views)](Session& s) {
          if (!s.closed()) peers_.watch(s.ref(), viewer, views);
        });
      });
  return app_.ports.storage.read(job);
}

void Shard::heartbeat(const Session& session) {
  peers_.heartbeat(session.caller().user, session.ref());
}

// ---------------------------------------------------------------- receipts

bool Shard::delivered(const Session& session, ConversationId conversation,
                      std::span<const MessageId> messages) {
  metrics_.receipts.add("delivered", messages.size());
  receipts_.delivered(session.caller(), conversation, messages, driver_.now());
  return receipts_noted();
}

bool Shard::read_up_to(const Session& session, ConversationId conversation, MessageId up_to) {
  metrics_.receipts.add("read");
  receipts_.read(session.caller(), conversation, up_to, driver_.now());
  return receipts_noted();
}

void Shard::confirm(const Session& session, std::uint32_t number) {
  if (mutant(Mutant::confirmed_before_commit)) return find(session.ref())->on_confirmed(number);
  receipts_.confirm(session.ref().connection, number, driver_.now());
  arm();
}

bool Shard::receipts_noted() {
  if (receipts_.full()) flush_receipts();
  arm();
  return receipts_have_room();
}

void Shard::flush_receipts() {
  if (receipts_under_way_) return;  // one batch at a time: a receipt never overtakes an older one
  ReceiptBatch batch =
      unwritten_receipts_.empty() ? receipts_.take() : std::exchange(unwritten_receipts_, {});
  receipts_retry_ = Timestamp::max();
  // Batches are written one after the other, so all before this one are durable.
  if (batch.empty()) return answer_confirms(batch);
  const auto shared = std::make_shared<const ReceiptBatch>(std::move(batch));
  std::unique_ptr<WriteJob> job =
      std::make_unique<ReceiptJob>(app_.services.receipts, shared, [this, shared](bool committed) {
        driver_.post([this, shared, committed] { receipts_done(*shared, committed); });
      });
  receipts_under_way_ = app_.ports.storage.write(job);
  if (receipts_under_way_) return;
  unwritten_receipts_ = *shared;
  receipts_retry_ = driver_.now() + kReceiptsBusy;
}

void Shard::receipts_done(const ReceiptBatch& batch, bool committed) {
  receipts_under_way_ = false;
  if (!committed) {
    // Kept until they can be written: on this connection no client says them again.
    unwritten_receipts_ = batch;
    receipts_retry_ = driver_.now() + kReceiptsRetry;
  } else {
    answer_confirms(batch);
  }
  arm();
}

void Shard::answer_confirms(const ReceiptBatch& batch) {
  for (const ReceiptBatch::Confirm& confirm : batch.confirms) {
    if (Session* session = find({.thread = index_, .connection = confirm.connection}))
      session->on_confirmed(confirm.number);
  }
}

}  // namespace sotto::server
