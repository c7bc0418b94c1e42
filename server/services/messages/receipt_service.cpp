#include "server/services/messages/receipt_service.hpp"

#include <algorithm>

#include "base/mutant.hpp"
#include "server/ports/store.hpp"
#include "server/services/messages/unread.hpp"

namespace sotto::server {

// ---------------------------------------------------------------- ReceiptCollector

void ReceiptCollector::note(Timestamp now) {
  if (!due_at_) due_at_ = now + wait_;
}

void ReceiptCollector::delivered(const Caller& caller, ConversationId conversation,
                                 std::span<const MessageId> messages, Timestamp now) {
  if (messages.empty()) return;
  note(now);
  for (const MessageId message : messages)
    delivered_.push_back({caller.user, conversation, message});
}

void ReceiptCollector::read(const Caller& caller, ConversationId conversation, MessageId up_to,
                            Timestamp now) {
  note(now);
  MessageId& position = read_[{conversation, caller.user}];
  position = std::max(position, up_to);
}

void ReceiptCollector::confirm(std::uint64_t connection, std::uint32_t number, Timestamp now) {
  note(now);
  confirms_[connection] = number;
}

ReceiptBatch ReceiptCollector::take() {
  ReceiptBatch batch;
  batch.delivered = std::move(delivered_);
  delivered_.clear();
  // By conversation and message: the order of the indexes they are written to.
  std::sort(batch.delivered.begin(), batch.delivered.end(), [](const auto& a, const auto& b) {
    return std::tie(a.conversation, a.message, a.user) < std::tie(b.conversation, b.message, b.user);
  });
  batch.delivered.erase(std::unique(batch.delivered.begin(), batch.delivered.end()), batch.delivered.end());
  for (const auto& [key, up_to] : read_)
    batch.read.push_back({key.second, key.first, up_to});
  read_.clear();
  for (const auto& [connection, number] : confirms_)
    batch.confirms.push_back({connection, number});
  confirms_.clear();
  due_at_.reset();
  return batch;
}

// ---------------------------------------------------------------- ReceiptService

namespace {

/// Writes the receipts of one batch and gathers them by audience.
class Recorder {
 public:
  Recorder(Store& store, WriteContext& context) : store_(store), context_(context) {}

  void delivered(const ReceiptBatch::Delivered& item) {
    const std::optional<UserId> sender = store_.messages().sender_of(item.conversation, item.message);
    if (!sender || *sender == item.user) return;
    if (!may_see(item.conversation, item.user, item.message) || is_blocked(item.conversation)) return;
    const auto state = store_.receipts().read_state(item.conversation, item.user);
    if (state && state->read_up_to >= item.message) return;  // read is more than delivered
    const Receipt receipt{context_.next_id<ReceiptId>(),
                          *sender,
                          item.conversation,
                          item.message,
                          item.user,
                          Status::delivered};
    if (store_.receipts().insert_delivered(receipt)) tell(receipt);
  }

  void read(const ReceiptBatch::Read& item) {
    const std::vector<Period> periods = store_.conversations().periods(item.conversation, item.user);
    const std::optional<MessageId> up_to = last_visible(item, periods);
    if (!up_to) return;
    ReadState state = store_.receipts().read_state(item.conversation, item.user).value_or(ReadState{});
    if (*up_to <= state.read_up_to) return;

    const std::uint64_t count = store_.messages().count(item.conversation);
    const NewlyRead newly = newly_read(item, periods, state.read_up_to, *up_to);
    const std::uint64_t unread = unread_of(state, count);
    const bool blocked = is_blocked(item.conversation);
    if (!blocked)
      state.told_up_to.reset();
    else if (!state.told_up_to)
      state.told_up_to = state.read_up_to;
    note_read(state, count, *up_to, unread - std::min(unread, newly.messages));
    store_.receipts().put_read_state(item.conversation, item.user, state);

    std::vector<UserId> audience;
    if (!blocked) audience = newly.senders;
    audience.push_back(item.user);  // the reader's other devices
    for (const UserId person : audience) {
      const Receipt receipt{
          context_.next_id<ReceiptId>(), person, item.conversation, *up_to, item.user, Status::read};
      if (!mutant(Mutant::receipts_not_stored)) store_.receipts().insert_read(receipt);
      tell(receipt);
    }
  }

  void publish() {
    for (auto& [audience, items] : told_) {
      const Place place = place_of(items.back().id);
      context_.tell({place, Receipts{std::move(items)}}, Audience::of({audience}));
    }
  }

 private:
  struct NewlyRead {
    std::uint64_t messages = 0;  ///< other people's
    std::vector<UserId> senders;
  };

  [[nodiscard]] bool may_see(ConversationId conversation, UserId user, MessageId message) const {
    const ConversationPtr state = store_.conversations().find(conversation);
    if (!state || state->deleted) return false;
    const Member* member = state->find(user);
    if (member != nullptr && message.value > member->joined_id.value) return true;
    const std::vector<Period> periods = store_.conversations().periods(conversation, user);
    return std::any_of(periods.begin(), periods.end(),
                       [&](const Period& p) { return p.covers(message.value); });
  }

  /// A direct conversation in which one has blocked the other: neither is told anything of the other.
  [[nodiscard]] bool is_blocked(ConversationId conversation) const {
    const ConversationPtr state = store_.conversations().find(conversation);
    return state && state->blocked;
  }

  static MessageRange clip(ConversationId conversation, const Period& period, MessageId after,
                           MessageId up_to) {
    return {conversation, std::max(after, MessageId{period.joined_id.value}),
            period.left_id ? std::min(up_to, MessageId{period.left_id->value}) : up_to};
  }

  /// What was really read: a client may name any number, and must not mark as read what is yet to come.
  [[nodiscard]] std::optional<MessageId> last_visible(const ReceiptBatch::Read& item,
                                                      const std::vector<Period>& periods) const {
    for (auto period = periods.rbegin(); period != periods.rend(); ++period) {
      const MessageRange range = clip(item.conversation, *period, MessageId{}, item.up_to);
      auto last = store_.messages().last_in(range);
      // What retention has deleted could be read before.
      const MessageId gone{std::min(range.up_to.value, store_.gone_up_to().value)};
      if (gone > range.after) last = std::max(last.value_or(gone), gone);
      if (last) return last;
    }
    return std::nullopt;
  }

  /// Each message is walked once in the life of a reader, since the position only moves forward.
  [[nodiscard]] NewlyRead newly_read(const ReceiptBatch::Read& item, const std::vector<Period>& periods,
                                     MessageId after, MessageId up_to) const {
    NewlyRead newly;
    for (const Period& period : periods) {
      for (const MessageSender& row :
           store_.messages().senders(clip(item.conversation, period, after, up_to))) {
        if (row.sender == item.user) continue;
        ++newly.messages;
        newly.senders.push_back(row.sender);
      }
    }
    std::sort(newly.senders.begin(), newly.senders.end());
    newly.senders.erase(std::unique(newly.senders.begin(), newly.senders.end()), newly.senders.end());
    return newly;
  }

  void tell(const Receipt& receipt) { told_[receipt.audience].push_back(receipt); }

  Store& store_;
  WriteContext& context_;
  std::map<UserId, std::vector<Receipt>> told_;
};

}  // namespace

void ReceiptService::record(Store& store, WriteContext& context, const ReceiptBatch& batch) {
  Recorder recorder(store, context);
  for (const auto& item : batch.delivered)
    recorder.delivered(item);
  for (const auto& item : batch.read)
    recorder.read(item);
  recorder.publish();
}

}  // namespace sotto::server
