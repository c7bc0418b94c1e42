#include "sdk/engine/stream/stream.hpp"

#include <algorithm>

#include "base/mutant.hpp"
#include "base/snowflake.hpp"
#include "sdk/engine/bounds.hpp"
#include "sdk/engine/session/error_words.hpp"
#include "sdk/engine/timing.hpp"
#include "sdk/store/schema.hpp"
#include "sotto/lite/frames.pb.h"

namespace sotto::engine {
namespace {

std::size_t items_in(const lite::ServerFrame& frame) {
  return frame.has_receipts() ? static_cast<std::size_t>(frame.receipts().items_size()) : 1;
}

}  // namespace

Stream::Stream(Core& core, Session& session, Directory& directory, Outbox& outbox, Receipts& receipts,
               Presence& presence, Reading& reading)
    : core_(core),
      session_(session),
      directory_(directory),
      outbox_(outbox),
      receipts_(receipts),
      presence_(presence),
      reading_(reading) {}

Stream::~Stream() = default;

void Stream::on_frame(ByteView bytes) {
  ++core_.metrics.frames_in;
  core_.metrics.bytes_in += bytes.size();
  if (bytes.size() > kMaxServerFrameBytes) {
    apply_batch();  // what came before it is good
    return session_.break_off(
        close_code::kTooLarge,
        Error(ErrorCode::too_large, "a frame of the server is larger than this client takes"));
  }
  auto frame = std::make_unique<lite::ServerFrame>();
  if (!frame->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return core_.violation("a frame is not a ServerFrame");

  using Frame = lite::ServerFrame;
  const auto kind = frame->frame_case();
  const bool allowed_before_hello = kind == Frame::kHello || kind == Frame::kError ||
                                    kind == Frame::kGoingAway || kind == Frame::FRAME_NOT_SET;
  if (!core_.connected() && !allowed_before_hello) return core_.violation("a frame came before hello");
  switch (kind) {
    case Frame::kHello:
      return session_.on_hello(frame->hello());
    case Frame::kAck:
      return outbox_.on_ack(frame->ack());
    case Frame::kMessage:
    case Frame::kReceipts:
    case Frame::kConversation:
    case Frame::kGap:
    case Frame::kSynced:
      return collect(std::move(frame), bytes.size());
    case Frame::kConfirmed:
      return receipts_.on_confirmed(frame->confirmed().number());
    case Frame::kTyping:
      return presence_.on_typing(frame->typing());
    case Frame::kPresence:
      return presence_.on_presence(frame->presence());
    case Frame::kGoingAway:
      return session_.on_going_away(frame->going_away());
    case Frame::kError:
      return on_error(frame->error());
    case Frame::kPreference:    // nothing here looks at preferences yet
    case Frame::FRAME_NOT_SET:  // a type from the future: unknown fields are ignored
      return;
  }
}

void Stream::on_error(const lite::Error& error) {
  if (outbox_.on_error(error)) return;
  if (error.code() == "unknown_place" && core_.connected() && !synced_) {
    auto& account = *core_.account;
    if (account.cursor == 0) return core_.violation("the server does not know the beginning of its stream");
    apply_batch();
    go_back(account.cursor > account.stream_start ? account.stream_start : 0);
    return sync();
  }
  core_.stage(Event(
      ErrorOccurred{Error(code_of_word(error.code()), "the server reports " + error.code().substr(0, 64))}));
}

void Stream::collect(std::unique_ptr<lite::ServerFrame> frame, std::size_t bytes) {
  batch_items_ += items_in(*frame);
  batch_bytes_ += bytes;
  const bool ends_catch_up = frame->has_synced();
  if (frame->has_message()) {
    const lite::Message& message = frame->message();
    if (mutant(Mutant::cursor_past_hole)) core_.write().account.set_cursor(message.message_id());
    if (mutant(Mutant::delivered_before_commit) && UserId{message.sender_id()} != core_.me())
      receipts_.stored(ConversationId{message.conversation_id()}, MessageId{message.message_id()});
  }
  batch_.push_back(std::move(frame));
  if (ends_catch_up || batch_items_ >= kBatchItems || batch_bytes_ >= kBatchBytes)
    apply_at_ = core_.now.steady;
  else if (!apply_at_)
    apply_at_ = synced_ ? std::max(core_.now.steady, applied_at_ + kLiveBatchDelay)
                        : core_.now.steady + kCatchUpBatchDelay;
}

void Stream::load() {
  drop_batch();
  synced_ = false;
  stored_cursor_ = core_.account ? core_.account->cursor : 0;
}

void Stream::connected() {
  synced_ = false;
  caught_up_items_ = 0;
  auto& account = *core_.account;
  const StreamName& name = session_.stream_name();
  if (name.id != 0 && name.id != account.stream_id) {
    // A stream that was never restored and is another one all the same: everything since this device began.
    if (account.stream_id != 0) go_back(name.from != 0 ? name.from : account.stream_start);
    account.stream_id = name.id;
    core_.write().account.set_stream_id(name.id);
  }
  sync();
}

void Stream::sync() {
  lite::ClientFrame frame;
  frame.mutable_sync()->set_last_seen_message_id(core_.account->cursor);
  core_.send(frame);
}

void Stream::go_back(std::uint64_t place) {
  auto& account = *core_.account;
  if (place >= account.cursor) return;
  const Timestamp server_time = core_.now.wall - session_.clock_skew().value_or(Milliseconds{0});
  auto& store = core_.write();
  account.cursor = stored_cursor_ = place;
  store.account.set_cursor(place);
  account.delivered_told = std::min(account.delivered_told, place);
  store.account.set_delivered_told(account.delivered_told);
  store.conversations.go_back(place, snowflake_floor(server_time + std::chrono::days(1)));
}

void Stream::disconnected() {
  drop_batch();
  synced_ = false;
}

void Stream::drop_batch() {
  batch_.clear();
  batch_items_ = 0;
  batch_bytes_ = 0;
  apply_at_.reset();
}

void Stream::work() {
  if (apply_at_ && core_.now.steady >= *apply_at_) apply_batch();
}

void Stream::apply_batch() {
  if (batch_.empty()) return;
  const auto batch = std::exchange(batch_, {});
  const std::size_t items = batch_items_;
  drop_batch();
  applied_at_ = core_.now.steady;
  for (const auto& frame : batch)
    if (!apply(*frame)) break;
  if (core_.account->cursor != stored_cursor_) {
    stored_cursor_ = core_.account->cursor;
    core_.write().account.set_cursor(stored_cursor_);
  }
  const bool caught_up = synced_ && session_.state() == ConnectionState::catching_up;
  if (session_.state() == ConnectionState::catching_up) {
    caught_up_items_ += items;
    core_.stage(Event(CatchUpProgress{caught_up_items_ - (caught_up ? 1 : 0), caught_up}));
  }
  if (caught_up) session_.on_synced();
}

bool Stream::apply(const lite::ServerFrame& frame) {
  switch (frame.frame_case()) {
    case lite::ServerFrame::kMessage:
      return apply_message(frame.message());
    case lite::ServerFrame::kConversation:
      return apply_conversation(frame.conversation());
    case lite::ServerFrame::kGap:
      return apply_gap(frame.gap());
    case lite::ServerFrame::kReceipts:
      return std::all_of(frame.receipts().items().begin(), frame.receipts().items().end(),
                         [this](const lite::Receipts_Item& item) { return apply_receipt(item); });
    case lite::ServerFrame::kSynced: {
      const std::uint64_t id = frame.synced().last_message_id();
      if (id != 0 && !store::is_valid_id(id)) return refuse("the id of synced is out of range");
      advance(id);
      synced_ = true;
      return true;
    }
    default:
      return true;
  }
}

void Stream::advance(std::uint64_t id) {
  core_.account->cursor = std::max(core_.account->cursor, id);
}

bool Stream::refuse(const std::string& what) {
  core_.violation(what);
  return false;
}

std::optional<Milliseconds> Stream::deadline() const {
  return apply_at_;
}

}  // namespace sotto::engine
