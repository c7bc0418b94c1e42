// How own messages rise: to `delivered` and `read` when everybody it takes has got or read them. Called when
// a receipt arrives, and when it becomes known who it takes: a device that is new may hear of receipts before
// it has heard who the members are.
#pragma once

#include "sdk/engine/core.hpp"

namespace sotto::engine {

/// From `now` to `reached`, recorded and told; never down.
void raise_status(Core& core, LocalId message, MessageState now, MessageState reached);
/// Own messages between these ids rise to what their readers have done.
void rise(Core& core, const store::StoredConversation& conversation, std::uint64_t first, std::uint64_t last);
/// All of a conversation's.
void rise(Core& core, const store::StoredConversation& conversation);

}  // namespace sotto::engine
