// What a session needs around it, as two interfaces: its connection, and the thread it lives on. Both are
// implemented by the gateway and, without sockets and threads, by tests and the simulator.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/protocol.hpp"
#include "server/gateway/session/device_rates.hpp"
#include "server/gateway/session/outgoing_frame.hpp"
#include "server/metrics/metrics.hpp"
#include "server/model/defaults.hpp"
#include "server/model/message.hpp"
#include "server/model/stream.hpp"

namespace sotto::server {

class Session;

struct SessionSettings {
  ProtocolLimits limits{};  ///< told in `hello`; the shard takes them from the services'
  std::size_t max_queued_bytes = defaults::kQueuedBytes;  ///< outgoing; past it nothing is pushed live
  std::size_t page_elements = 500;                        ///< of the stream, read and encoded at once
  std::size_t page_bytes = 128 * 1024;                    ///< two pages fit into the queue
  Milliseconds ping_interval = defaults::kPingInterval;
  Milliseconds silence_limit = defaults::kSilenceLimit;
  Milliseconds heartbeat = defaults::kPresenceHeartbeat;
  StreamOrigin stream;  ///< told in `hello`

  friend bool operator==(const SessionSettings&, const SessionSettings&) = default;
};

/// The connection, as its session sees it. Everything is queued, in order; nothing blocks or fails: a
/// connection that breaks says so later. Same thread as the session.
class SessionSink {
 public:
  virtual ~SessionSink() = default;
  virtual void send(FramePtr frame) = 0;
  /// The peer's answer comes to Session::on_pong.
  virtual void ping(std::string_view payload) = 0;
  /// Bytes queued that the kernel has not taken yet.
  [[nodiscard]] virtual std::size_t queued_bytes() const = 0;
  /// After Session::on_frame returned false: frames may come again.
  virtual void resume_reading() = 0;
  /// Behind everything that is queued. No frame comes after this.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
};

/// Raised by the writer when a message of the session could not be stored, so that the messages behind it,
/// which are already in the writer's queue, are refused too and none overtakes it. Lowered by the session
/// once the client has seen the error. Shared by the session and its queued messages.
using SendBarrier = std::atomic<bool>;

/// One page of the stream, encoded for the session.
struct CatchUpPage {
  bool read = false;  ///< false: the store could not be read; the rest is empty
  bool known = true;  ///< false: the place asked for is not one of this server's; the rest is empty
  std::vector<FramePtr> frames;
  Place next;
  bool complete = false;
  Place snapshot;
};

/// The thread a session lives on, and through it the services. What is asked for here is answered later, by a
/// call of the session on the same thread. `false`: too busy just now, nothing was taken.
class SessionHost {
 public:
  virtual ~SessionHost() = default;

  [[nodiscard]] virtual const SessionSettings& settings() const = 0;
  [[nodiscard]] virtual Metrics& metrics() = 0;
  [[nodiscard]] virtual Timestamp now() const = 0;
  /// How fast it may send; null: no limit.
  [[nodiscard]] virtual std::shared_ptr<DeviceRate> rate_of(DeviceId device) = 0;
  /// For durations only, from any origin.
  [[nodiscard]] virtual std::int64_t monotonic_us() const = 0;
  /// Session::on_wake is due at that time; an earlier one already asked for stays.
  virtual void wake_at(const Session& session, Timestamp at) = 0;

  /// -> Session::on_answered, in the order of the calls. On false the message is still the caller's.
  [[nodiscard]] virtual bool submit(const Session& session, NewMessage& message,
                                    const std::shared_ptr<SendBarrier>& barrier) = 0;
  /// -> Session::on_page. `receipts_after`: receipts up to there are left out.
  [[nodiscard]] virtual bool read_page(const Session& session, Place after, Place receipts_after) = 0;
  /// -> Session::on_token
  [[nodiscard]] virtual bool check_token(const Session& session, std::string token) = 0;
  /// -> frames to the members' sessions, or Session::on_refused.
  [[nodiscard]] virtual bool typing(const Session& session, ConversationId conversation) = 0;
  /// -> Session::tell, for each.
  [[nodiscard]] virtual bool watch(const Session& session, std::vector<UserId> users) = 0;
  /// Collected and written later. Always taken; false: no more for now, see receipts_have_room.
  [[nodiscard]] virtual bool delivered(const Session& session, ConversationId conversation,
                                       std::span<const MessageId> messages) = 0;
  [[nodiscard]] virtual bool read_up_to(const Session& session, ConversationId conversation,
                                        MessageId up_to) = 0;
  [[nodiscard]] virtual bool receipts_have_room() const = 0;
  /// -> Session::on_confirmed, once the receipts taken from the session so far are durable.
  virtual void confirm(const Session& session, std::uint32_t number) = 0;
  /// The device is here (presence).
  virtual void heartbeat(const Session& session) = 0;
  /// It has closed itself: nothing more is to be sent to it, and it does not count as here.
  virtual void left(const Session& session) = 0;
};

}  // namespace sotto::server
