// What others have received and read of this account's messages.
//
// Delivery is kept for each message and person; reading is a position for each person, since a `read` item
// covers everything up to it. A message's status follows: in a direct conversation it is the other person's,
// in a group it rises when the last of those it was sent to, and who are still members, has got there. It
// never falls.
#pragma once

#include <optional>
#include <vector>

#include "sdk/store/connection.hpp"
#include "sdk/store/tables/conversation_table.hpp"
#include "sdk/store/tables/message_table.hpp"
#include "sotto/message.hpp"

namespace sotto::store {

class ReceiptTable {
 public:
  explicit ReceiptTable(Connection& db) : db_(db) {}

  /// `user` has stored this message; false if that was known.
  bool add_delivery(const StoredConversation& conversation, LocalId message, UserId user, Timestamp at);
  /// `user` has read up to here: the position before that; nothing if it was known, or is no member's.
  std::optional<MessageId> advance_read(const StoredConversation& conversation, UserId user, MessageId up_to,
                                        Timestamp at);

  /// Own messages whose status can now rise to what their members have done, with the status they rise to.
  /// Looks at own messages with `first` <= id <= `last`.
  struct Rise {
    LocalId message;
    MessageState before;
    MessageState state;
  };
  std::vector<Rise> due(const StoredConversation& conversation, UserId me, std::uint64_t first,
                        std::uint64_t last);

  /// Everybody whom the message concerned, in the order of their ids.
  std::vector<MemberReceipt> of(const StoredMessage& message, const StoredConversation& conversation,
                                UserId me);

  /// A direct conversation whose members were never described has its one reader all the same.
  void expect_reader(const StoredConversation& conversation, UserId user);

 private:
  Connection& db_;
};

}  // namespace sotto::store
