// Profiles.
#include "server/application/application.hpp"
#include "server/gateway/api/model_json.hpp"
#include "server/gateway/api/routes.hpp"

namespace sotto::server {
namespace {

ProfileChange read_change(Input& in) {
  ProfileChange change;
  change.display_name = in.optional_text("display_name");
  change.about = in.optional_text("about");
  if (in.is_null("avatar_media_id"))
    change.avatar_media_id = std::optional<std::uint64_t>();
  else if (const auto avatar = in.optional_id<UserId>("avatar_media_id"))
    change.avatar_media_id = avatar->value;
  if (const auto word = in.nested_text("privacy", "last_seen")) {
    const auto last_seen = parse_last_seen_privacy(*word);
    if (last_seen)
      change.privacy = Privacy{*last_seen};
    else
      in.refuse("privacy.last_seen: must be everyone, contacts or nobody");
  }
  return change;
}

}  // namespace

void add_user_routes(Routes& routes, Application& app) {
  UserService& users = app.services.users;

  routes.push_back({"GET", "/api/users/me", Access::token, [&](Input&) -> Work {
                      return Read{[&](const Store& store, Timestamp, const Caller& caller) {
                        const auto user = users.me(store, caller);
                        return user ? ok(own_profile(*user)) : refusal(user.error());
                      }};
                    }});

  routes.push_back({"PATCH", "/api/users/me", Access::token, [&](Input& in) -> Work {
                      return Write{[&, change = read_change(in)](Store& store, WriteContext& context,
                                                                 const Caller& caller) {
                        const auto user = users.update(store, context, caller, change);
                        return user ? ok(own_profile(*user)) : refusal(user.error());
                      }};
                    }});

  routes.push_back({"DELETE", "/api/users/me", Access::token, [&](Input&) -> Work {
                      return Write{[&](Store& store, WriteContext& context, const Caller& caller) {
                        const auto done = users.remove(store, context, caller);
                        return done ? no_content() : refusal(done.error());
                      }};
                    }});

  routes.push_back({"GET", "/api/users/{user_id}", Access::token, [&](Input& in) -> Work {
                      const auto id = in.path_id<UserId>("user_id");
                      return Read{[&, id](const Store& store, Timestamp, const Caller& caller) {
                        const auto user = users.find(store, caller, id);
                        return user ? ok(public_profile(*user)) : refusal(user.error());
                      }};
                    }});
}

}  // namespace sotto::server
