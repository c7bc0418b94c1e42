#include "server/gateway/session/session_jobs.hpp"

#include <utility>
#include <variant>

#include "server/gateway/session/frames.hpp"
#include "server/ports/store.hpp"
#include "server/services/conversations/conversation_service.hpp"
#include "server/services/messages/message_service.hpp"
#include "server/services/messages/stream_service.hpp"

namespace sotto::server {

namespace {

/// Receipts follow each other in bursts; a frame of so many is still far below every client's limit.
constexpr std::size_t kReceiptsInAFrame = 100;

/// The frames of a page, receipts that follow each other together in one.
class PageEncoder {
 public:
  PageEncoder(WireFormat format, UserId reader, std::vector<FramePtr>& out)
      : format_(format), reader_(reader), out_(out) {}
  void add(const StreamElement& element) {
    if (const auto* receipt = std::get_if<Receipt>(&element.value)) {
      receipts_.push_back(*receipt);
      if (receipts_.size() == kReceiptsInAFrame) end_receipts();
      return;
    }
    end_receipts();
    if (const auto* view = std::get_if<MessageView>(&element.value)) {
      put(to_frame(*view->message, view->status));
    } else if (const auto* change = std::get_if<ConversationChange>(&element.value)) {
      put(to_frame(*change, change->shows_members_to(reader_)));
    } else if (const auto* gap = std::get_if<Gap>(&element.value)) {
      put(to_frame(*gap));
    }
  }
  void end_receipts() {
    if (receipts_.empty()) return;
    put(to_frame(std::span<const Receipt>(receipts_)));
    receipts_.clear();
  }

 private:
  void put(const v1::ServerFrame& frame) { out_.push_back(make_frame(format_, frame)); }

  WireFormat format_;
  UserId reader_;
  std::vector<FramePtr>& out_;
  std::vector<Receipt> receipts_;
};

}  // namespace

MessageJob::MessageJob(MessageService& service, SessionRef session, Caller caller, NewMessage message,
                       std::shared_ptr<SendBarrier> barrier, std::function<void(const Uuid&)> failed)
    : service_(service),
      session_(session),
      caller_(caller),
      message_(std::move(message)),
      barrier_(std::move(barrier)),
      failed_(std::move(failed)) {}

void MessageJob::run(Store& store, WriteContext& context) {
  if (barrier_->load(std::memory_order_acquire)) {
    context.events.events.emplace_back(MessageAnswered{session_, message_.key, storage_failed()});
    return;
  }
  // A copy: the batch may be rolled back and run again.
  auto outcome = service_.accept(store, context, caller_, NewMessage(message_));
  context.events.events.emplace_back(MessageAnswered{session_, message_.key, std::move(outcome)});
}

void MessageJob::done(bool committed) {
  if (committed) return;
  barrier_->store(true, std::memory_order_release);
  failed_(message_.key);
}

PageJob::PageJob(const StreamService& service, const Request& request,
                 std::function<void(std::shared_ptr<CatchUpPage>)> give)
    : service_(service), request_(request), give_(std::move(give)) {}

void PageJob::run(const Store& store, Timestamp) {
  const StreamOptions options{
      .elements = request_.elements,
      .bytes = request_.bytes,
      .encoding = request_.format == WireFormat::json ? Encoding::json : Encoding::binary,
      .receipts_after = request_.receipts_after};
  const StreamPage page = service_.page(store, request_.caller, request_.after, options);
  CatchUpPage& out = *page_;
  out.frames.reserve(page.elements.size());
  PageEncoder encoder(request_.format, request_.caller.user, out.frames);
  for (const StreamElement& element : page.elements)
    encoder.add(element);
  encoder.end_receipts();
  out.next = page.next;
  out.complete = page.complete;
  out.snapshot = page.snapshot;
  out.known = page.known;
}

void PageJob::done(bool read) {
  if (!read) *page_ = CatchUpPage{};
  page_->read = read;
  give_(std::move(page_));
}

TokenJob::TokenJob(const AuthService& service, UserId bearer, std::string token,
                   std::function<void(ServiceResult<Bearer>)> give)
    : service_(service),
      bearer_(bearer),
      token_(std::move(token)),
      result_(storage_failed()),
      give_(std::move(give)) {}

void TokenJob::run(const Store& store, Timestamp now) {
  result_ = service_.bearer_of(store, now, token_);
}

void TokenJob::done(bool read) {
  give_(read ? std::move(result_) : ServiceResult<Bearer>(storage_failed()));
}

TypingJob::TypingJob(const ConversationService& service, Caller caller, ConversationId conversation,
                     std::function<void(ServiceResult<ConversationPtr>)> give)
    : service_(service),
      caller_(caller),
      conversation_(conversation),
      result_(storage_failed()),
      give_(std::move(give)) {}

void TypingJob::run(const Store& store, Timestamp) {
  result_ = service_.find(store, caller_, conversation_);
  if (!result_ || (*result_)->kind != ConversationKind::direct) return;
  const UserId peer = (*result_)->peer_of(caller_.user);
  if (store.contacts().is_blocked(peer, caller_.user) || store.contacts().is_blocked(caller_.user, peer)) {
    result_ = refuse(ServiceCode::blocked, "typing: one of the two has blocked the other");
  }
}

void TypingJob::done(bool read) {
  give_(read ? std::move(result_) : ServiceResult<ConversationPtr>(storage_failed()));
}

LookJob::LookJob(UserId viewer, std::vector<UserId> users,
                 std::function<void(std::vector<PresenceView>)> give)
    : viewer_(viewer), users_(std::move(users)), give_(std::move(give)) {}

void LookJob::run(const Store& store, Timestamp) {
  views_ = PresenceService::look(store, viewer_, users_);
}

void LookJob::done(bool read) {
  give_(read ? std::move(views_) : std::vector<PresenceView>{});
}

}  // namespace sotto::server
