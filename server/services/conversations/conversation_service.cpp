#include "server/services/conversations/conversation_service.hpp"

#include <algorithm>
#include <utility>

#include "server/ports/store.hpp"

namespace sotto::server {

void publish_change(Store& store, WriteContext& context, const Change& change, std::vector<UserId> others) {
  ConversationPtr state = store.conversations().find(change.conversation);
  if (!state) return;  // the store has failed
  std::vector<UserId> audience = std::move(others);
  for (const Member& member : state->members)
    audience.push_back(member.user);
  std::sort(audience.begin(), audience.end());
  audience.erase(std::unique(audience.begin(), audience.end()), audience.end());
  store.conversations().insert_change(change, audience);
  // Read again: the change itself moves `last_change`.
  state = store.conversations().find(change.conversation);
  if (!state) return;
  context.tell({place_of(change.id), ConversationChange{change, std::move(state)}},
               Audience::of(std::move(audience)));
}

ServiceResult<ConversationPtr> ConversationService::open_direct(Store& store, WriteContext& context,
                                                                const Caller& caller, UserId peer) {
  ConversationStore& conversations = store.conversations();
  if (const std::optional<ConversationId> known = conversations.find_direct(caller.user, peer)) {
    if (ConversationPtr state = conversations.find(*known)) return state;
    return storage_failed();
  }
  // What was on its way when the account was deleted must not bring a part of it back.
  const std::optional<User> self = store.accounts().find_user(caller.user);
  if (!self || self->deleted) return refuse(ServiceCode::not_found, "this account is deleted");
  const std::optional<User> user = store.accounts().find_user(peer);
  if (!user || user->deleted) return refuse(ServiceCode::not_found, "user_id: no user " + to_string(peer));
  if (store.contacts().is_blocked(caller.user, peer) || store.contacts().is_blocked(peer, caller.user)) {
    return refuse(ServiceCode::blocked, "user_id: one of you has blocked the other");
  }

  ConversationState made;
  made.id = context.next_id<ConversationId>();
  made.kind = ConversationKind::direct;
  const ChangeId change = context.next_id<ChangeId>();
  made.last_change = Place{change.value};
  made.members.push_back({caller.user, Role::member, made.last_change});
  if (peer != caller.user) made.members.push_back({peer, Role::member, made.last_change});
  std::sort(made.members.begin(), made.members.end(),
            [](const Member& a, const Member& b) { return a.user < b.user; });
  conversations.insert(made, caller.user, std::nullopt);
  conversations.set_direct(caller.user, peer, made.id);
  // Whoever hears of it late, with the other one gone by then, still learns whose it is.
  std::vector<UserId> other;
  if (peer != caller.user) other.push_back(peer);
  publish_change(store, context, {change, made.id, ChangeKind::created, caller.user, std::move(other)});
  if (ConversationPtr state = conversations.find(made.id)) return state;
  return storage_failed();
}

ServiceError refuse_outsider(const Store& store, const Caller& caller, const ConversationState* state,
                             ConversationId conversation) {
  const bool was_in = state != nullptr && !state->deleted &&
                      !store.conversations().periods(conversation, caller.user).empty();
  if (was_in)
    return refuse(ServiceCode::not_a_member,
                  "conversation_id: you are not in " + to_string(conversation) + " any more");
  return refuse(ServiceCode::not_found, "conversation_id: no conversation " + to_string(conversation));
}

ServiceResult<ConversationPtr> ConversationService::find(const Store& store, const Caller& caller,
                                                         ConversationId conversation) const {
  ConversationPtr state = store.conversations().find(conversation);
  if (state && !state->deleted && state->has(caller.user)) return state;
  return refuse_outsider(store, caller, state.get(), conversation);
}

}  // namespace sotto::server
