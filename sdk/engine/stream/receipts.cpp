#include "sdk/engine/stream/receipts.hpp"

#include <algorithm>

#include "base/mutant.hpp"
#include "sdk/engine/timing.hpp"
#include "sdk/store/schema.hpp"
#include "sotto/lite/frames.pb.h"

namespace sotto::engine {
namespace {

/// How many are read from the store at once when a new connection is told what the last one may have lost.
constexpr std::size_t kRetellPage = 1000;

}  // namespace

void Receipts::mark_read(const store::StoredConversation& conversation, MessageId up_to) {
  if (set_read(conversation, up_to) && !read_due_) read_due_ = core_.now.steady + kReadBatch;
}

void Receipts::read_elsewhere(const store::StoredConversation& conversation, MessageId up_to) {
  if (set_read(conversation, up_to)) core_.write().conversations.set_read_told(conversation.row, up_to);
}

bool Receipts::set_read(const store::StoredConversation& conversation, MessageId up_to) {
  // No further than the newest message that is here: reading cannot run ahead of receiving.
  const auto newest = core_.read().messages.before(conversation.row, store::kPendingBase, 1);
  if (newest.empty()) return false;
  up_to = std::min(up_to, newest.front().message.message_id);
  if (up_to <= conversation.read_up_to) return false;
  auto& store = core_.write();
  // As it is kept up: what is older than this device came as history, and was never counted.
  const MessageId from = std::max(up_to, MessageId{core_.account->stream_start});
  store.conversations.set_read(
      conversation.row, up_to,
      mutant(Mutant::unread_off) ? 0 : store.messages.count_unread(conversation.row, from));
  core_.touch(conversation.row);
  return true;
}

void Receipts::load() {
  delivered_.clear();
  disconnected();
}

void Receipts::disconnected() {
  read_sent_.clear();
  delivered_sent_ = 0;
  read_due_.reset();
  asked_.reset();
  asks_ = 0;
  confirm_due_.reset();
}

void Receipts::connected() {
  std::uint64_t after = core_.account->delivered_told;
  const std::uint64_t up_to = core_.account->cursor;
  for (;;) {
    const auto page = core_.read().messages.received_between(after, up_to, kRetellPage);
    for (const store::MessagePlace& place : page) {
      auto conversation = core_.read().conversations.find(place.conversation);
      if (conversation && conversation->id) stored(conversation->id, MessageId{place.position});
      after = place.position;
    }
    tell_delivered();
    if (page.size() < kRetellPage) break;
  }
  tell_read();
}

void Receipts::flush() {
  tell_delivered();
  tell_read();
}

void Receipts::work() {
  tell_delivered();
  if (read_due_ && core_.now.steady >= *read_due_) tell_read();
  if (core_.connected()) {
    delivered_sent_ = core_.account->cursor;
    if (!confirm_due_ && !all_confirmed()) confirm_due_ = core_.now.steady + kConfirmAfter;
    if (confirm_due_ && core_.now.steady >= *confirm_due_) ask();
  }
  if (mutant(Mutant::delivered_told_too_early) && core_.account &&
      core_.account->delivered_told != core_.account->cursor) {
    core_.account->delivered_told = core_.account->cursor;
    core_.write().account.set_delivered_told(core_.account->cursor);
  }
}

bool Receipts::all_confirmed() const {
  return delivered_sent_ <= core_.account->delivered_told && read_sent_.empty();
}

void Receipts::ask() {
  confirm_due_.reset();
  if (asked_ || all_confirmed()) return;
  asked_ = Told{delivered_sent_, read_sent_};
  lite::ClientFrame frame;
  frame.mutable_confirm()->set_number(++asks_);
  core_.send(frame);
}

void Receipts::on_confirmed(std::uint32_t number) {
  if (!asked_ || number != asks_) return core_.violation("confirmed what was not asked for");
  const Told told = *std::exchange(asked_, std::nullopt);
  auto& account = *core_.account;
  if (told.delivered > account.delivered_told) {
    account.delivered_told = told.delivered;
    core_.write().account.set_delivered_told(told.delivered);
  }
  for (const auto& [row, up_to] : told.read) {
    auto conversation = core_.read().conversations.find(row);
    if (conversation && conversation->read_told < up_to)
      core_.write().conversations.set_read_told(row, up_to);
    if (read_sent_[row] == up_to) read_sent_.erase(row);
  }
}

void Receipts::tell_delivered() {
  // Without a connection nothing is lost: the next one starts from delivered_told.
  for (const auto& [conversation, messages] : std::exchange(delivered_, {}))
    send_delivered(conversation, messages);
}

void Receipts::send_delivered(ConversationId conversation, const std::vector<MessageId>& messages) {
  const std::size_t most = core_.limits().delivered_ids;
  for (std::size_t begin = 0; begin < messages.size(); begin += most) {
    lite::ClientFrame frame;
    lite::Delivered& delivered = *frame.mutable_delivered();
    delivered.set_conversation_id(conversation.value);
    const std::size_t end = std::min(messages.size(), begin + most);
    for (std::size_t i = begin; i < end; ++i)
      delivered.add_message_ids(messages[i].value);
    core_.send(frame);
  }
}

void Receipts::tell_read() {
  read_due_.reset();
  if (!core_.connected()) return;
  for (ConversationRow row : core_.read().conversations.to_tell()) {
    auto conversation = core_.read().conversations.find(row);
    if (!conversation || !conversation->id || read_sent_[row] >= conversation->read_up_to) continue;
    read_sent_[row] = conversation->read_up_to;
    if (mutant(Mutant::read_told_too_early))
      core_.write().conversations.set_read_told(row, conversation->read_up_to);
    lite::ClientFrame frame;
    frame.mutable_read()->set_conversation_id(conversation->id.value);
    frame.mutable_read()->set_up_to_message_id(conversation->read_up_to.value);
    core_.send(frame);
  }
}

std::optional<Milliseconds> Receipts::deadline() const {
  return core_.connected() ? earlier(read_due_, confirm_due_) : std::nullopt;
}

}  // namespace sotto::engine
