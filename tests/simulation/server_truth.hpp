// The server's tables as the checker reads them.
#pragma once

#include <map>
#include <optional>
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

  [[nodiscard]] bool may_see(UserId user, const TrueMessage& message) const;
  /// Members now, apart from `user`.
  [[nodiscard]] std::vector<UserId> others(ConversationId conversation, UserId user) const;
};

ServerTruth read_truth(SimServer& server);

}  // namespace sotto::sim
