#include "sdk/engine/stream/rising.hpp"

#include "sdk/store/schema.hpp"

namespace sotto::engine {

void raise_status(Core& core, LocalId message, MessageState now, MessageState reached) {
  if (now < MessageState::sent || now >= MessageState::read || reached <= now) return;
  auto& store = core.write();
  store.messages.set_state(message, reached);
  store.messages.record(message, {core.now.wall, reached, 0, "receipt"});
  core.stage_message(message, false);
}

void rise(Core& core, const store::StoredConversation& conversation, std::uint64_t first,
          std::uint64_t last) {
  for (const auto& due : core.read().receipts.due(conversation, core.me(), first, last))
    raise_status(core, due.message, due.before, due.state);
}

void rise(Core& core, const store::StoredConversation& conversation) {
  rise(core, conversation, 1, store::kPendingBase - 1);
}

}  // namespace sotto::engine
