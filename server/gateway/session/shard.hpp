// The sessions of one io thread, and what that thread does for them: hands their messages to the writer,
// reads their pages, collects their receipts, and delivers to them what was committed.
//
//   Shard shard(0, driver, app, settings, dispatcher);
//   Session& session = shard.open(caller, WireFormat::json, sink, token);
//   session.on_frame(...);
//   shard.erase(session.ref());            // the connection is gone
//
// No sockets and no threads: the driver gives it its turns. In the server a driver is an io_context; in tests
// and the simulator it is a queue.
//
// Thread rules: everything on the driver's thread. Storage jobs call back on other threads and only post.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/application/application.hpp"
#include "server/gateway/session/session.hpp"
#include "server/gateway/session/session_host.hpp"
#include "server/model/event.hpp"
#include "server/services/messages/receipt_service.hpp"
#include "server/services/presence/presence_service.hpp"

namespace sotto::server {

/// What gives a shard its turns.
class ShardDriver {
 public:
  virtual ~ShardDriver() = default;
  /// Runs it on the shard's thread, after what was posted before. From any thread.
  virtual void post(std::function<void()> work) = 0;
  /// Shard::on_wake is due at that time; replaces the time asked for before. On the shard's thread.
  virtual void wake_at(Timestamp at) = 0;
  [[nodiscard]] virtual Timestamp now() const = 0;
  [[nodiscard]] virtual std::int64_t monotonic_us() const = 0;
};

/// What concerns sessions of other shards. From any thread.
class ShardPeers {
 public:
  virtual ~ShardPeers() = default;
  /// A newer connection of the device has come.
  virtual void supersede(SessionRef older) = 0;
  virtual void typing(const Caller& from, const ConversationState& conversation) = 0;
  virtual void heartbeat(UserId user, SessionRef session) = 0;
  virtual void gone(UserId user, SessionRef session) = 0;
  virtual void watch(SessionRef session, UserId viewer, std::vector<PresenceView> views) = 0;
  virtual std::shared_ptr<DeviceRate> rate_of(DeviceId device, Timestamp now) = 0;
  /// Called by each shard every few seconds.
  virtual void housekeeping(std::uint32_t shard) = 0;
};

/// What one batch means for one shard: which event goes to which of its connections, in the batch's order.
struct Delivery {
  struct Target {
    std::uint32_t event;
    std::uint64_t connection;
    bool whole = true;  ///< see is_shown_whole
  };
  std::shared_ptr<const EventBatch> batch;
  std::vector<Target> targets;
};

class Shard final : public SessionHost {
 public:
  Shard(std::uint32_t index, ShardDriver& driver, Application& app, const SessionSettings& settings,
        ShardPeers& peers);

  /// Registers the device, supersedes its older connection, says hello.
  Session& open(Caller caller, WireFormat format, SessionSink& sink, std::string token);
  /// The connection is gone; its session, sink and references end here.
  void erase(SessionRef ref);
  void on_wake();
  /// Every session says going_away with a random part of `spread`, and closes.
  void drain(Milliseconds spread);
  /// What was collected but not yet handed to the writer goes now.
  void flush_receipts();
  /// Nothing is collected or on its way to the writer.
  [[nodiscard]] bool receipts_idle() const {
    return !receipts_under_way_ && unwritten_receipts_.empty() && !receipts_.due_at();
  }
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }
  [[nodiscard]] Session* find(SessionRef ref);

  void deliver(const Delivery& delivery);
  void tell_typing(const Caller& from, ConversationId conversation,
                   std::span<const std::uint64_t> connections);
  void tell_presence(std::span<const PresenceNotice> notices);
  [[nodiscard]] ShardDriver& driver() { return driver_; }

  // ---- SessionHost
  [[nodiscard]] const SessionSettings& settings() const override { return settings_; }
  [[nodiscard]] Metrics& metrics() override { return metrics_; }
  [[nodiscard]] Timestamp now() const override { return driver_.now(); }
  [[nodiscard]] std::int64_t monotonic_us() const override { return driver_.monotonic_us(); }
  [[nodiscard]] std::shared_ptr<DeviceRate> rate_of(DeviceId device) override {
    return peers_.rate_of(device, driver_.now());
  }
  void wake_at(const Session& session, Timestamp at) override;
  [[nodiscard]] bool submit(const Session& session, NewMessage& message,
                            const std::shared_ptr<SendBarrier>& barrier) override;
  [[nodiscard]] bool read_page(const Session& session, Place after, Place receipts_after) override;
  [[nodiscard]] bool check_token(const Session& session, std::string token) override;
  [[nodiscard]] bool typing(const Session& session, ConversationId conversation) override;
  [[nodiscard]] bool watch(const Session& session, std::vector<UserId> users) override;
  [[nodiscard]] bool delivered(const Session& session, ConversationId conversation,
                               std::span<const MessageId> messages) override;
  [[nodiscard]] bool read_up_to(const Session& session, ConversationId conversation,
                                MessageId up_to) override;
  [[nodiscard]] bool receipts_have_room() const override { return !receipts_.full(); }
  void confirm(const Session& session, std::uint32_t number) override;
  void heartbeat(const Session& session) override;
  void left(const Session& session) override;

 private:
  struct Entry {
    std::unique_ptr<Session> session;
    Timestamp wake = Timestamp::max();
  };

  /// `work(session)` on this thread, if the session is still there then. From any thread.
  void post_to(SessionRef ref, std::function<void(Session&)> work);
  void deliver_to(Session& session, const Event& event, const Delivery::Target& target,
                  std::optional<FrameSource>& frame);
  bool receipts_noted();
  void receipts_done(const ReceiptBatch& batch, bool committed);
  void answer_confirms(const ReceiptBatch& batch);
  void arm();

  std::uint32_t index_;
  ShardDriver& driver_;
  Application& app_;
  SessionSettings settings_;
  Metrics& metrics_;
  ShardPeers& peers_;

  std::uint64_t last_connection_ = 0;
  std::unordered_map<std::uint64_t, Entry> sessions_;
  std::set<std::pair<Timestamp, std::uint64_t>> wakes_;  // one for each session that has asked
  Timestamp armed_ = Timestamp::max();                   // what the driver was last asked for
  Timestamp next_housekeeping_;

  ReceiptCollector receipts_;
  bool receipts_under_way_ = false;
  ReceiptBatch unwritten_receipts_;  // of a batch that failed: tried again before anything newer
  Timestamp receipts_retry_ = Timestamp::max();
};

}  // namespace sotto::server
