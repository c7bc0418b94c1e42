// Messages older than this device, fetched from the server a page at a time.
#pragma once

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
  Result<bool> store_page(ConversationId id, const HttpResponse& response);

  Core& core_;
  Operations& operations_;
  Requests& requests_;
};

}  // namespace sotto::engine
