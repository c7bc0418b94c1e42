// Messages older than this device, fetched from the server a page at a time.
//
// A page that is larger than this client takes is asked for again with half as many messages, down to one.
// Where one alone is too large, the history ends with a hole that says so.
#pragma once

#include "sdk/engine/bounds.hpp"
#include "sdk/engine/core.hpp"
#include "sdk/engine/operations.hpp"
#include "sdk/engine/session/requests.hpp"

namespace sotto::engine {

class JsonObject;

class History {
 public:
  History(Core& core, Operations& operations, Requests& requests)
      : core_(core), operations_(operations), requests_(requests) {}

  /// The next older page. True: there are still older ones.
  OperationNumber fetch(const store::StoredConversation& conversation, std::size_t limit, Reply<bool> reply);

  /// One message of the past; false if it does not lie before what is here. The caller moves `history_from`.
  bool store_message(const store::StoredConversation& conversation, const JsonObject& message);

 private:
  void ask(const Ticket<bool>& ticket, ConversationId id, std::size_t limit);
  void on_page(const Ticket<bool>& ticket, ConversationId id, MessageId before, std::size_t limit,
               const Result<HttpResponse>& response);
  // Whether there are still older ones.
  Result<bool> store_page(const store::StoredConversation& conversation, const HttpResponse& response);
  bool end_with_hole(const store::StoredConversation& conversation);

  Core& core_;
  Operations& operations_;
  Requests& requests_;
  std::size_t largest_page_ = kMaxPage;  ///< messages; less once a page was too large
};

}  // namespace sotto::engine
