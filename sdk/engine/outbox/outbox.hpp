// The one component that sends messages.
//
// Each conversation has a lane: its unacknowledged messages in the order they were written. In a lane up to
// kInFlightPerConversation messages are in flight at once; the server keeps their order. Lanes are
// independent, but for one case. Who has a phone number may have to be looked up first, and until then it may
// be anybody's: what was written later to any one person waits for the answer, since messages to a person
// keep their order however they were addressed (docs/decisions, "A message to a phone number holds back later
// ones").
//
//   queued --> in_flight --ack--> (gone from here: sent)
//     ^            |
//     |            +-- connection lost ------> queued, resent in order on the next connection
//     |            +-- internal, rate_limited -> queued; the lane rests until nothing of it is in flight
//     |            |                             and its time has come, then resends in order
//     |            +-- refused for good -------> failed: stops the lane; what is behind it is `blocked`
//     |                                            |
//     +-- retry_message, delete_message -----------+
//
// The idempotency key is stored with the message before the first attempt and never changes, so the server
// takes every resend for the same message. What was given to the network under "to this person" stays so
// addressed: a retry has to be the same request.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>

#include "sdk/engine/core.hpp"
#include "sdk/engine/metrics_window.hpp"
#include "sdk/engine/outbox/directory.hpp"
#include "sdk/engine/outbox/expiry_clock.hpp"

namespace sotto::lite {
class Ack;
class Error;
}  // namespace sotto::lite

namespace sotto::engine {

class Outbox final : public Part {
 public:
  Outbox(Core& core, Directory& directory) : core_(core), directory_(directory) {}

  // ---- the app
  /// What can be said about a message without looking at the store.
  [[nodiscard]] Result<void> check(const OutgoingMessage& message) const;
  /// A message that has been checked.
  Result<SendReceipt> send(const store::StoredConversation& conversation, const OutgoingMessage& message);
  Result<void> cancel(LocalId message);
  Result<void> retry(LocalId message);
  Result<void> remove(LocalId message);

  // ---- the server
  void on_ack(const lite::Ack& ack);
  /// False: no message of this device has that key.
  bool on_error(const lite::Error& error);
  /// An own message with this key came in the stream: its ack was lost.
  void on_seen(const store::MessagePlace& place, MessageId id, ConversationId conversation,
               MessageState status, Timestamp created_at);

  // ---- other parts
  /// What the server's clock says, with each hello.
  void server_time(Timestamp time);
  /// The conversation was merged into another row.
  void moved(ConversationRow from, ConversationRow to);
  /// Conversations with messages for a phone number whose person is not known yet, by the first of these
  /// messages.
  [[nodiscard]] const std::map<LocalId, ConversationRow>& unaddressed() const { return unaddressed_; }
  /// Now it is.
  void addressed(ConversationRow conversation);
  /// Nobody has the number: the first waiting message fails.
  void fail_unaddressed(ConversationRow conversation, const Error& cause);
  /// Whether the server will say soon who has the numbers; if not, they hold nothing back.
  void expect_addresses(bool expected);

  /// The failed message that stops a conversation.
  [[nodiscard]] std::optional<LocalId> blocked_by(ConversationRow conversation) const;
  /// No acknowledgement for this long although the connection lives: it is taken for broken.
  [[nodiscard]] bool is_stuck() const;
  /// Nothing is queued or in flight; failed messages and what they block do not count.
  [[nodiscard]] bool settled() const;
  [[nodiscard]] std::size_t depth() const { return by_message_.size(); }
  [[nodiscard]] Milliseconds send_percentile(int percent) const { return samples_.percentile(percent); }

  void load() override;
  void connected() override;
  void disconnected() override;
  void work() override;
  [[nodiscard]] std::optional<Milliseconds> deadline() const override;

 private:
  struct Entry {
    LocalId message;
    MessageState state = MessageState::queued;
    Uuid key;
    int attempts = 0;
    UserId receiver_id;
    std::optional<Timestamp> expires_at;
    Milliseconds queued_at{0};  ///< steady; for the metrics
    bool queued_online = false;
    Milliseconds sent_at{0};  ///< steady; while in flight
  };
  struct Lane {
    std::deque<Entry> entries;  ///< ascending by message
    std::set<LocalId> failed;   ///< of these; the first stops the lane
    std::size_t in_flight = 0;
    bool addressed = false;  ///< where its messages go is known
    bool resting = false;    ///< resend when nothing is in flight and the time has come
    Milliseconds rest_until{0};
    int rests = 0;  ///< in a row, for the backoff
  };
  using Lanes = std::map<ConversationRow, Lane>;
  struct Found {
    Lanes::iterator lane;
    std::size_t index = 0;
    [[nodiscard]] Entry& entry() const { return lane->second.entries[index]; }
  };

  /// Not given to the network, and not failed.
  static bool waits(const Entry& entry) {
    return entry.state == MessageState::queued || entry.state == MessageState::blocked;
  }

  std::optional<Found> find(LocalId message);
  std::optional<Found> find(const Uuid& key);
  void insert(ConversationRow row, const Entry& entry);
  void erase(const Found& found);
  void leave_flight(Lane& lane, Entry& entry);
  void set_state(Entry& entry, MessageState state, const std::string& cause);
  /// What stands behind a failed message is `blocked`, everything else that waits is `queued`.
  void reblock(Lane& lane);
  void reblock_row(ConversationRow row);

  void watch_expiry(const Entry& entry);
  void expire();
  void find_unaddressed();
  /// No longer waits for a look-up.
  void forget_unaddressed(const Lane& lane);
  /// What was held back behind a number may go.
  void release_held();
  /// Messages behind this one wait until it is known whose number it is for.
  std::optional<LocalId> held_behind(const store::StoredConversation& conversation);
  void pump(ConversationRow row, Lane& lane);
  void transmit(Lane& lane, Entry& entry, const store::StoredConversation& conversation);
  void rest(Lane& lane, Entry& entry, const Error& cause);
  void fail(Lane& lane, Entry& entry, const Error& cause);
  void acknowledged(Found found, MessageId id, ConversationId conversation, MessageState status,
                    Timestamp created_at, const std::string& cause);

  Core& core_;
  Directory& directory_;
  Lanes lanes_;
  std::map<Uuid, std::pair<ConversationRow, LocalId>> by_key_;
  std::map<LocalId, ConversationRow> by_message_;
  ExpiryClock clock_;
  std::set<std::pair<Timestamp, LocalId>> expiries_;
  std::set<std::pair<Milliseconds, LocalId>> sent_;  ///< in flight, by time
  std::map<LocalId, ConversationRow> unaddressed_;
  bool addresses_expected_ = true;
  std::set<ConversationRow> held_;      ///< lanes that wait behind one of these
  std::set<ConversationRow> runnable_;  ///< lanes that may have something to do
  SampleWindow samples_;
};

}  // namespace sotto::engine
