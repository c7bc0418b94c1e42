#include "server/services/conversations/group_service.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "server/ports/store.hpp"
#include "server/services/conversations/conversation_service.hpp"
#include "server/services/messages/unread.hpp"
#include "server/services/text_rules.hpp"

namespace sotto::server {

namespace {
constexpr TextRule kNameRule{.field = "name", .least = 1, .most = kMaxGroupName};

ServiceResult<ConversationPtr> state_of(const Store& store, ConversationId group) {
  if (ConversationPtr state = store.conversations().find(group)) return state;
  return storage_failed();
}

void join(Store& store, ConversationId group, const Member& member) {
  ReadState state = store.receipts().read_state(group, member.user).value_or(ReadState{});
  note_joined(state, store.messages().count(group));
  store.receipts().put_read_state(group, member.user, state);
  store.conversations().add_member(group, member);
}

void leave(Store& store, ConversationId group, UserId user, Place at) {
  ReadState state = store.receipts().read_state(group, user).value_or(ReadState{});
  note_left(state, store.messages().count(group));
  store.receipts().put_read_state(group, user, state);
  store.conversations().end_membership(group, user, at);
}

/// Who takes over when the last admin goes: the member who has been there longest, of several the smallest
/// id.
const Member* longest_standing(const ConversationState& group, UserId leaving) {
  const Member* oldest = nullptr;
  for (const Member& member : group.members) {
    if (member.user == leaving) continue;
    if (oldest == nullptr || member.joined_id < oldest->joined_id) oldest = &member;
  }
  return oldest;
}
}  // namespace

ServiceResult<std::vector<UserId>> GroupService::check_users(const Store& store,
                                                             const std::vector<UserId>& users,
                                                             const char* field) {
  std::vector<UserId> sorted = users;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    return refuse(ServiceCode::bad_request,
                  std::string(field) + ": " + to_string(*twice) + " is given twice");
  }
  for (const UserId id : sorted) {
    const std::optional<User> user = store.accounts().find_user(id);
    if (!user || user->deleted) {
      return refuse(ServiceCode::not_found, std::string(field) + ": no user " + to_string(id));
    }
  }
  return sorted;
}

ServiceResult<void> GroupService::check_blocks(const Store& store, const Caller& caller,
                                               const std::vector<UserId>& users, const char* field) {
  for (const UserId user : users) {
    if (store.contacts().is_blocked(user, caller.user)) {
      return refuse(ServiceCode::blocked,
                    std::string(field) + ": " + to_string(user) + " does not want to hear from you");
    }
  }
  return {};
}

ServiceResult<void> GroupService::check_size(std::size_t members, const char* field) const {
  if (members <= limits_.group_members) return {};
  return refuse(ServiceCode::group_too_large, std::string(field) + ": the group would have " +
                                                  std::to_string(members) + " members, at most " +
                                                  std::to_string(limits_.group_members) + " are allowed");
}

ServiceResult<ConversationPtr> GroupService::create(Store& store, WriteContext& context, const Caller& caller,
                                                    const NewGroup& group) {
  if (auto ok = check_text(kNameRule, group.name); !ok) return ok.error();
  if (group.creation_key) {
    if (group.creation_key->empty() || group.creation_key->size() > kMaxCreationKey) {
      return refuse(ServiceCode::bad_request,
                    "Idempotency-Key: must have 1 to " + std::to_string(kMaxCreationKey) + " bytes");
    }
    if (const auto known = store.conversations().find_by_creation_key(caller.user, *group.creation_key)) {
      return find(store, caller, *known);
    }
  }
  // Counted before anything is looked up: a list of a million ids costs nothing.
  const bool names_creator =
      std::find(group.members.begin(), group.members.end(), caller.user) != group.members.end();
  if (auto ok = check_size(group.members.size() + (names_creator ? 0 : 1), "member_ids"); !ok)
    return ok.error();
  ServiceResult<std::vector<UserId>> users = check_users(store, group.members, "member_ids");
  if (!users) return users.error();
  if (auto ok = check_blocks(store, caller, *users, "member_ids"); !ok) return ok.error();
  if (!names_creator) users->insert(std::lower_bound(users->begin(), users->end(), caller.user), caller.user);

  ConversationState made;
  made.id = context.next_id<ConversationId>();
  made.kind = ConversationKind::group;
  made.name = group.name;
  const ChangeId change = context.next_id<ChangeId>();
  made.last_change = Place{change.value};
  for (const UserId user : *users) {
    made.members.push_back({user, user == caller.user ? Role::admin : Role::member, made.last_change});
  }
  store.conversations().insert(made, caller.user, group.creation_key);
  publish_change(store, context, {change, made.id, ChangeKind::created, caller.user, *std::move(users)});
  return state_of(store, made.id);
}

ServiceResult<ConversationPtr> GroupService::find(const Store& store, const Caller& caller,
                                                  ConversationId group) const {
  ConversationPtr state = store.conversations().find(group);
  if (state && state->kind != ConversationKind::group)
    return refuse(ServiceCode::not_found, "conversation_id: no group " + to_string(group));
  if (state && !state->deleted && state->has(caller.user)) return state;
  return refuse_outsider(store, caller, state.get(), group);
}

ServiceResult<ConversationPtr> GroupService::as_admin(const Store& store, const Caller& caller,
                                                      ConversationId group) const {
  ServiceResult<ConversationPtr> state = find(store, caller, group);
  if (state && (*state)->find(caller.user)->role != Role::admin) {
    return refuse(ServiceCode::not_allowed, "only an admin of the group may do this");
  }
  return state;
}

ServiceResult<ConversationPtr> GroupService::rename(Store& store, WriteContext& context, const Caller& caller,
                                                    ConversationId group, const std::string& name) {
  if (auto ok = check_text(kNameRule, name); !ok) return ok.error();
  ServiceResult<ConversationPtr> state = as_admin(store, caller, group);
  if (!state || (*state)->name == name) return state;
  store.conversations().rename(group, name);
  publish_change(store, context, {context.next_id<ChangeId>(), group, ChangeKind::renamed, caller.user, {}});
  return state_of(store, group);
}

ServiceResult<ConversationPtr> GroupService::remove(Store& store, WriteContext& context, const Caller& caller,
                                                    ConversationId group) {
  ServiceResult<ConversationPtr> state = as_admin(store, caller, group);
  if (!state) return state;
  delete_group(store, context, caller.user, **state);
  return state_of(store, group);
}

void GroupService::delete_group(Store& store, WriteContext& context, UserId actor,
                                const ConversationState& group) {
  std::vector<UserId> everyone;
  for (const Member& member : group.members)
    everyone.push_back(member.user);
  const ChangeId change = context.next_id<ChangeId>();
  store.conversations().mark_deleted(group.id, Place{change.value});
  publish_change(store, context, {change, group.id, ChangeKind::deleted, actor, {}}, std::move(everyone));
}

ServiceResult<ConversationPtr> GroupService::add_members(Store& store, WriteContext& context,
                                                         const Caller& caller, ConversationId group,
                                                         const std::vector<UserId>& users) {
  ServiceResult<ConversationPtr> state = as_admin(store, caller, group);
  if (!state) return state;
  if (users.empty()) return refuse(ServiceCode::bad_request, "user_ids: must not be empty");
  if (auto ok = check_size(users.size(), "user_ids"); !ok) return ok.error();
  ServiceResult<std::vector<UserId>> added = check_users(store, users, "user_ids");
  if (!added) return added.error();
  std::erase_if(*added, [&](UserId user) { return (*state)->has(user); });
  if (added->empty()) return state;
  if (auto ok = check_size((*state)->members.size() + added->size(), "user_ids"); !ok) return ok.error();
  if (auto ok = check_blocks(store, caller, *added, "user_ids"); !ok) return ok.error();

  const ChangeId change = context.next_id<ChangeId>();
  for (const UserId user : *added)
    join(store, group, {user, Role::member, Place{change.value}});
  publish_change(store, context, {change, group, ChangeKind::members_added, caller.user, *std::move(added)});
  return state_of(store, group);
}

ServiceResult<ConversationPtr> GroupService::remove_member(Store& store, WriteContext& context,
                                                           const Caller& caller, ConversationId group,
                                                           UserId user) {
  const bool leaving = user == caller.user;
  ServiceResult<ConversationPtr> state =
      leaving ? find(store, caller, group) : as_admin(store, caller, group);
  if (!state) return state;
  if (!(*state)->has(user)) {
    return refuse(ServiceCode::not_found, "user_id: " + to_string(user) + " is not in the group");
  }
  take_out(store, context, caller.user, **state, user);
  return state_of(store, group);
}

void GroupService::take_out(Store& store, WriteContext& context, UserId actor,
                            const ConversationState& conversation, UserId user) {
  const bool group = conversation.kind == ConversationKind::group;
  if (group && conversation.members.size() == 1) {
    delete_group(store, context, actor, conversation);
    return;
  }
  const bool last_admin = group && conversation.find(user)->role == Role::admin && conversation.admins() == 1;
  const Member* heir = last_admin ? longest_standing(conversation, user) : nullptr;

  const ChangeId left = context.next_id<ChangeId>();
  leave(store, conversation.id, user, Place{left.value});
  publish_change(store, context, {left, conversation.id, ChangeKind::members_removed, actor, {user}}, {user});
  if (heir == nullptr) return;
  store.conversations().set_role(conversation.id, heir->user, Role::admin);
  publish_change(
      store, context,
      {context.next_id<ChangeId>(), conversation.id, ChangeKind::role_changed, actor, {heir->user}});
}

ServiceResult<ConversationPtr> GroupService::set_role(Store& store, WriteContext& context,
                                                      const Caller& caller, ConversationId group, UserId user,
                                                      Role role) {
  ServiceResult<ConversationPtr> state = as_admin(store, caller, group);
  if (!state) return state;
  const Member* member = (*state)->find(user);
  if (member == nullptr) {
    return refuse(ServiceCode::not_found, "user_id: " + to_string(user) + " is not in the group");
  }
  if (member->role == role) return state;
  if (member->role == Role::admin && (*state)->admins() == 1) {
    return refuse(ServiceCode::not_allowed, "role: the group needs an admin; make somebody else one first");
  }
  store.conversations().set_role(group, user, role);
  publish_change(store, context,
                 {context.next_id<ChangeId>(), group, ChangeKind::role_changed, caller.user, {user}});
  return state_of(store, group);
}

void GroupService::leave_all(Store& store, WriteContext& context, const Caller& caller) {
  for (const InboxRow& row : store.conversations().inbox(caller.user)) {
    const ConversationPtr state = store.conversations().find(row.conversation);
    if (state && state->has(caller.user)) take_out(store, context, caller.user, *state, caller.user);
  }
}

}  // namespace sotto::server
