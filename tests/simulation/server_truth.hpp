// The server's tables as the checker reads them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sotto/ids.hpp"
#include "tests/simulation/sim_server.hpp"

namespace sotto::sim {

struct TrueMessage {
  MessageId id;
  ConversationId conversation;
  UserId sender;
  DeviceId sender_device;
  std::string text;
};

struct TruePeriod {
  UserId user;
  MessageId joined;
  std::optional<MessageId> left;
};

struct TrueReceipt {
  UserId audience;
  ConversationId conversation;
  MessageId message;
  UserId user;
  int status = 0;  ///< 2 delivered, 3 read up to
};

struct ServerTruth {
  std::vector<TrueMessage> messages;  ///< ascending by id
  std::map<ConversationId, std::vector<TruePeriod>> periods;
  std::vector<TrueReceipt> receipts;
  std::map<std::pair<ConversationId, UserId>, MessageId> read_up_to;
  std::set<ConversationId> deleted;

  [[nodiscard]] bool may_see(UserId user, const TrueMessage& message) const;
  /// Whether the user has been a member from before this message until now.
  [[nodiscard]] bool is_waited_for(UserId user, ConversationId conversation, MessageId message) const;
  /// Members now, apart from `user`.
  [[nodiscard]] std::vector<UserId> others(ConversationId conversation, UserId user) const;
};

ServerTruth read_truth(SimServer& server);

}  // namespace sotto::sim
