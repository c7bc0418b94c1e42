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
  bool admin = false;
};

struct TrueReceipt {
  UserId audience;
  ConversationId conversation;
  MessageId message;
  UserId user;
  int status = 0;  ///< 2 delivered, 3 read up to
};

struct TrueUser {
  bool deleted = false;
  bool has_number = false;
};

struct ServerTruth {
  std::vector<TrueMessage> messages;  ///< ascending by id
  std::map<UserId, TrueUser> users;
  std::map<DeviceId, UserId> devices;  ///< signed in
  std::set<std::pair<UserId, UserId>> blocks;
  std::map<ConversationId, std::pair<UserId, UserId>> directs;
  std::map<ConversationId, std::string> groups;  ///< not deleted, by name
  std::map<ConversationId, std::vector<TruePeriod>> periods;
  std::vector<TrueReceipt> receipts;
  std::map<std::pair<ConversationId, UserId>, MessageId> read_up_to;
  std::set<ConversationId> deleted;

  [[nodiscard]] bool may_see(UserId user, const TrueMessage& message) const;
  /// Whether the user has been a member from before this message until now.
  [[nodiscard]] bool is_waited_for(UserId user, ConversationId conversation, MessageId message) const;
  [[nodiscard]] bool is_member(ConversationId conversation, UserId user) const;
  /// Members now, apart from `user`.
  [[nodiscard]] std::vector<UserId> others(ConversationId conversation, UserId user) const;
};

ServerTruth read_truth(SimServer& server);

/// All it has, ascending by id; nothing if it cannot be read just now.
std::optional<std::vector<TrueMessage>> read_messages(SimServer& server);

/// The greatest id of what is durable now; nothing if the server or its disk is not there to be asked.
std::optional<std::uint64_t> last_id(SimServer& server);

}  // namespace sotto::sim
