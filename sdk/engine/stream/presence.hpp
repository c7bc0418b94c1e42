// Who is online, and who types: nothing of it is stored, and nothing is sent while offline.
#pragma once

#include <map>
#include <vector>

#include "sdk/engine/core.hpp"
#include "sdk/engine/outbox/directory.hpp"

namespace sotto::lite {
class Presence;
class Typing;
}  // namespace sotto::lite

namespace sotto::engine {

class Presence final : public Part {
 public:
  explicit Presence(Core& core) : core_(core) {}

  /// Replaces the set; kept over reconnects.
  Result<void> subscribe(std::vector<UserId> users);
  void set_typing(const store::StoredConversation& conversation);

  void on_presence(const lite::Presence& presence);
  void on_typing(const lite::Typing& typing);

  void connected() override;
  void disconnected() override { typing_sent_.clear(); }

 private:
  void send_subscription();

  Core& core_;
  std::vector<UserId> subscribed_;
  std::map<ConversationRow, Milliseconds> typing_sent_;
};

}  // namespace sotto::engine
