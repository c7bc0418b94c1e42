#include "server/gateway/session/session_jobs.hpp"

#include <utility>

#include "server/gateway/session/frames.hpp"
#include "server/ports/store.hpp"
#include "server/services/conversations/conversation_service.hpp"
#include "server/services/messages/message_service.hpp"
#include "server/services/messages/wire_size.hpp"

namespace sotto::server {

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
  CatchUpPage& out = *page_;
  PageRoom room(request_.bytes);
  const StreamPage page = service_.page(
      store, request_.caller, request_.after, request_.options, [&](const StreamElement& element) {
        const bool whole = is_shown_whole(element.value, request_.caller.user);
        FramePtr frame = make_frame(request_.format, to_frame(element.value, whole));
        if (!room.take(frame->wire().size())) return false;
        out.frames.push_back(std::move(frame));
        return true;
      });
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
