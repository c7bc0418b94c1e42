// Groups and who is in them.
#include "server/application/application.hpp"
#include "server/gateway/api/model_json.hpp"
#include "server/gateway/api/routes.hpp"

namespace sotto::server {
namespace {

Answer group_answer(const ServiceResult<ConversationPtr>& group, const Caller& caller, int status = 200) {
  return group ? json_answer(status, group_json(**group, caller.user)) : refusal(group.error());
}

/// Each member is told and gets rows of their own, so that fifty are a request's worth.
double cost_of(std::size_t members) {
  constexpr double kMembersARequest = 50;
  return 1 + static_cast<double>(members) / kMembersARequest;
}

NewGroup read_new_group(Input& in) {
  NewGroup group{in.text("name"), in.ids<UserId>("member_ids"), std::nullopt};
  in.costs(cost_of(group.members.size()));
  if (const auto key = in.request().header("Idempotency-Key")) group.creation_key = std::string(*key);
  return group;
}

Role read_role(Input& in) {
  const auto role = parse_role(in.text("role"));
  if (!role) in.refuse("role: must be admin or member");
  return role.value_or(Role::member);
}

void add_member_routes(Routes& routes, GroupService& groups) {
  routes.push_back({"POST", "/api/groups/{conversation_id}/members", Access::token, [&](Input& in) -> Work {
                      const auto group = in.path_id<ConversationId>("conversation_id");
                      auto ids = in.ids<UserId>("user_ids");
                      in.costs(cost_of(ids.size()));
                      return Write{[&, group, users = std::move(ids)](Store& store, WriteContext& context,
                                                                      const Caller& caller) {
                        return group_answer(groups.add_members(store, context, caller, group, users), caller);
                      }};
                    }});

  routes.push_back(
      {"DELETE", "/api/groups/{conversation_id}/members/{user_id}", Access::token, [&](Input& in) -> Work {
         const auto group = in.path_id<ConversationId>("conversation_id");
         const auto user = in.path_id<UserId>("user_id");
         return Write{[&, group, user](Store& store, WriteContext& context, const Caller& caller) {
           return group_answer(groups.remove_member(store, context, caller, group, user), caller);
         }};
       }});

  routes.push_back(
      {"PUT", "/api/groups/{conversation_id}/members/{user_id}/role", Access::token, [&](Input& in) -> Work {
         const auto group = in.path_id<ConversationId>("conversation_id");
         const auto user = in.path_id<UserId>("user_id");
         return Write{[&, group, user, role = read_role(in)](Store& store, WriteContext& context,
                                                             const Caller& caller) {
           return group_answer(groups.set_role(store, context, caller, group, user, role), caller);
         }};
       }});
}

}  // namespace

void add_group_routes(Routes& routes, Application& app) {
  GroupService& groups = app.services.groups;

  routes.push_back({"POST", "/api/groups", Access::token, [&](Input& in) -> Work {
                      return Write{[&, group = read_new_group(in)](Store& store, WriteContext& context,
                                                                   const Caller& caller) {
                        return group_answer(groups.create(store, context, caller, group), caller, 201);
                      }};
                    }});

  routes.push_back({"GET", "/api/groups/{conversation_id}", Access::token, [&](Input& in) -> Work {
                      const auto group = in.path_id<ConversationId>("conversation_id");
                      return Read{[&, group](const Store& store, Timestamp, const Caller& caller) {
                        return group_answer(groups.find(store, caller, group), caller);
                      }};
                    }});

  routes.push_back({"PATCH", "/api/groups/{conversation_id}", Access::token, [&](Input& in) -> Work {
                      const auto group = in.path_id<ConversationId>("conversation_id");
                      return Write{[&, group, name = in.text("name")](Store& store, WriteContext& context,
                                                                      const Caller& caller) {
                        return group_answer(groups.rename(store, context, caller, group, name), caller);
                      }};
                    }});

  routes.push_back({"DELETE", "/api/groups/{conversation_id}", Access::token, [&](Input& in) -> Work {
                      const auto group = in.path_id<ConversationId>("conversation_id");
                      return Write{[&, group](Store& store, WriteContext& context, const Caller& caller) {
                        return group_answer(groups.remove(store, context, caller, group), caller);
                      }};
                    }});

  add_member_routes(routes, groups);
}

}  // namespace sotto::server
