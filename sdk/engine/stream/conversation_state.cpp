#include "sdk/engine/stream/conversation_state.hpp"

#include <algorithm>

#include "sdk/engine/json.hpp"
#include "sdk/engine/stream/rising.hpp"
#include "sdk/store/schema.hpp"

namespace sotto::engine {

bool DescribedConversation::has(UserId user) const {
  return std::any_of(members.begin(), members.end(),
                     [user](const store::MemberSince& m) { return m.member.user_id == user; });
}

bool apply_state(Core& core, ConversationRow row, const DescribedConversation& described) {
  auto& store = core.write();
  if (!store.conversations.apply_change(row, described.kind, described.name,
                                        described.has(core.me()) && !described.is_deleted,
                                        described.is_deleted, described.change_id, described.changed_at))
    return false;
  if (described.members.empty()) {
    // The others are not told any more, and those of before stay.
    store.members.end(row, core.me(), described.change_id);
    return true;
  }
  const bool changed = store.members.replace(row, described.members, described.change_id);
  // Who has left, or was not there yet, is not waited for; and receipts may have come before it was known
  // whose are needed.
  auto now = store.conversations.find(row);
  if (changed && now) rise(core, *now);
  return true;
}

Result<DescribedConversation> described_group(const JsonObject& body) {
  DescribedConversation group;
  group.name = body.text("name");
  group.is_deleted = body.boolean("deleted");
  group.change_id = body.number("change_id");
  group.changed_at = body.time("updated_at");
  if (!store::is_valid_id(group.change_id))
    return Error(ErrorCode::protocol_violation, "a group's change_id is missing or out of range");
  for (const JsonObject& item : body.list("members")) {
    const auto user = item.id<UserId>("user_id");
    const std::uint64_t joined = item.number("joined_id");
    if (!store::is_valid_id(user.value) || joined >= store::kPendingBase)
      return Error(ErrorCode::protocol_violation, "a member's ids are out of range");
    const Role role = item.text("role") == "admin" ? Role::admin : Role::member;
    group.members.push_back({{user, role, item.time("joined_at")}, joined});
  }
  return group;
}

}  // namespace sotto::engine
