// Reading back: pages of a conversation, its messages' receipts, and the inbox.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "server/model/conversation.hpp"
#include "server/model/limits.hpp"
#include "server/model/receipt.hpp"
#include "server/model/service_error.hpp"
#include "server/model/stream.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

struct HistoryRequest {
  ConversationId conversation;
  std::optional<MessageId> before;  ///< only smaller ids
  std::optional<MessageId> after;   ///< only greater ids, and the page then runs oldest first
  std::size_t limit = kDefaultPage;
};

struct HistoryPage {
  std::vector<MessageView> messages;  ///< newest first; with `after` oldest first
  bool has_more = false;
  std::optional<Gap> gap;  ///< what is no longer kept, where the page reaches it
};

struct InboxEntry {
  ConversationPtr conversation;
  std::string name;  ///< of the group, or of the other person
  std::optional<MessageView> last_message;
  std::uint64_t unread = 0;
  Timestamp updated_at{};  ///< of the last message or change
};

struct InboxPage {
  std::vector<InboxEntry> entries;  ///< newest first
  std::optional<std::string> next;  ///< the cursor of the next page
};

class HistoryService {
 public:
  /// Somebody who was a member sees what was sent while they were; `not_found` if they never were.
  [[nodiscard]] ServiceResult<HistoryPage> history(const Store& store, const Caller& caller,
                                                   const HistoryRequest& request) const;
  /// Each other person who was a member when the message was sent, ascending by user id.
  [[nodiscard]] ServiceResult<std::vector<MemberStatus>> receipts(const Store& store, const Caller& caller,
                                                                  ConversationId conversation,
                                                                  MessageId message) const;
  [[nodiscard]] ServiceResult<InboxPage> inbox(const Store& store, const Caller& caller,
                                               const std::optional<std::string>& cursor,
                                               std::size_t limit) const;
};

}  // namespace sotto::server
