// The state of a conversation as the server describes it, in a `conversation` frame or in the answer to a
// call that changed it. Both carry the change that the state is of, so they may come in any order and twice:
// the newest stays. That is how an operation shows in local reads as soon as it has completed, however far
// behind the stream is.
#pragma once

#include <string>
#include <vector>

#include "sdk/engine/core.hpp"

namespace sotto::engine {

class JsonObject;

struct DescribedConversation {
  ConversationKind kind = ConversationKind::group;
  std::string name;                         ///< empty: not told
  std::vector<store::MemberSince> members;  ///< none for somebody who is not in it, and once it is deleted
  bool is_deleted = false;
  std::uint64_t change_id = 0;
  Timestamp changed_at{};

  [[nodiscard]] bool has(UserId user) const;
};

/// Stores it, unless what is known is as new. False: it was known.
bool apply_state(Core& core, ConversationRow row, const DescribedConversation& described);

/// The answer to a call on a group. `protocol_violation` for what is none.
Result<DescribedConversation> described_group(const JsonObject& body);

}  // namespace sotto::engine
