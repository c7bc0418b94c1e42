// The mailbox entries of a batch, written at its end in the order of the table: a person's entries go into
// one page, one after the other, instead of a walk down the tree to a cold page for each.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "server/adapters/sqlite/connection.hpp"
#include "server/model/conversation.hpp"
#include "server/model/message.hpp"

namespace sotto::server {

class PendingMailbox {
 public:
  explicit PendingMailbox(Connection& connection) : connection_(connection) {}

  void add(MessageId message, std::span<const Member> recipients) {
    for (const Member& member : recipients)
      pending_.push_back({member.user, message});
  }
  void flush() {
    if (!pending_.empty()) write();
  }
  /// The batch was given up.
  void drop() { pending_.clear(); }

 private:
  struct Item {
    UserId user;
    MessageId message;
  };
  void write();

  Connection& connection_;
  std::vector<Item> pending_;
  // Half of what a row costs alone is starting and ending its statement.
  static constexpr std::size_t kRows = 16;
  Query insert_one_{connection_, "INSERT INTO mailbox (user_id, message_id) VALUES (?, ?)"};
  Query insert_rows_{
      connection_,
      "INSERT INTO mailbox (user_id, message_id) VALUES (?, ?), (?, ?), (?, ?), (?, ?), "
      "(?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?), (?, ?)"};
};

}  // namespace sotto::server
