// The units of work that sessions hand to the storage. Each runs on one of the storage's threads and gives
// its result to a function that only posts.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/gateway/session/session_host.hpp"
#include "server/model/service_error.hpp"
#include "server/ports/storage.hpp"
#include "server/services/accounts/auth_service.hpp"
#include "server/services/messages/receipt_service.hpp"
#include "server/services/messages/stream_service.hpp"
#include "server/services/presence/presence_service.hpp"

namespace sotto::server {

class ConversationService;
class MessageService;
class ReceiptService;

/// Stores one message. Its answer is published with the batch (MessageAnswered), so that the answers of a
/// connection come in order; only a batch that was given up is answered through `failed`.
class MessageJob final : public WriteJob {
 public:
  MessageJob(MessageService& service, SessionRef session, Caller caller, NewMessage message,
             std::shared_ptr<SendBarrier> barrier, std::function<void(const Uuid&)> failed);
  void run(Store& store, WriteContext& context) override;
  void done(bool committed) override;
  /// Back to the caller, of a job that the storage did not take.
  NewMessage take() && { return std::move(message_); }

 private:
  MessageService& service_;
  SessionRef session_;
  Caller caller_;
  NewMessage message_;
  std::shared_ptr<SendBarrier> barrier_;
  std::function<void(const Uuid&)> failed_;
};

/// Reads one page of a person's stream and encodes it, so that the io thread only has to queue it.
class PageJob final : public ReadJob {
 public:
  struct Request {
    Caller caller;
    WireFormat format;
    Place after;
    StreamOptions options;
    std::size_t
        bytes;  ///< of its frames; the page ends before the one that would pass it, unless it is the first
  };
  PageJob(const StreamService& service, const Request& request,
          std::function<void(std::shared_ptr<CatchUpPage>)> give);
  [[nodiscard]] UserId owner() const override { return request_.caller.user; }
  void run(const Store& store, Timestamp now) override;
  void done(bool read) override;

 private:
  const StreamService& service_;
  Request request_;
  std::shared_ptr<CatchUpPage> page_ = std::make_shared<CatchUpPage>();
  std::function<void(std::shared_ptr<CatchUpPage>)> give_;
};

/// Whose token this is; `bearer` is whose it says it is. `give` gets `internal` if the store could not be
/// read.
class TokenJob final : public ReadJob {
 public:
  TokenJob(const AuthService& service, UserId bearer, std::string token,
           std::function<void(ServiceResult<Bearer>)> give);
  [[nodiscard]] UserId owner() const override { return bearer_; }
  void run(const Store& store, Timestamp now) override;
  void done(bool read) override;

 private:
  const AuthService& service_;
  UserId bearer_;
  std::string token_;
  ServiceResult<Bearer> result_;
  std::function<void(ServiceResult<Bearer>)> give_;
};

/// The conversation somebody types in, if it is theirs and the other has not blocked them.
class TypingJob final : public ReadJob {
 public:
  TypingJob(const ConversationService& service, Caller caller, ConversationId conversation,
            std::function<void(ServiceResult<ConversationPtr>)> give);
  [[nodiscard]] UserId owner() const override { return caller_.user; }
  void run(const Store& store, Timestamp now) override;
  void done(bool read) override;

 private:
  const ConversationService& service_;
  Caller caller_;
  ConversationId conversation_;
  ServiceResult<ConversationPtr> result_;
  std::function<void(ServiceResult<ConversationPtr>)> give_;
};

/// What a viewer may see of these people. `give` gets nothing if the store could not be read.
class LookJob final : public ReadJob {
 public:
  LookJob(UserId viewer, std::vector<UserId> users, std::function<void(std::vector<PresenceView>)> give);
  [[nodiscard]] UserId owner() const override { return viewer_; }
  void run(const Store& store, Timestamp now) override;
  void done(bool read) override;

 private:
  UserId viewer_;
  std::vector<UserId> users_;
  std::vector<PresenceView> views_;
  std::function<void(std::vector<PresenceView>)> give_;
};

class ReceiptJob final : public WriteJob {
 public:
  ReceiptJob(ReceiptService& service, std::shared_ptr<const ReceiptBatch> batch,
             std::function<void(bool)> give)
      : service_(service), batch_(std::move(batch)), give_(std::move(give)) {}
  void run(Store& store, WriteContext& context) override { service_.record(store, context, *batch_); }
  void done(bool committed) override { give_(committed); }

 private:
  ReceiptService& service_;
  std::shared_ptr<const ReceiptBatch> batch_;
  std::function<void(bool)> give_;
};

}  // namespace sotto::server
