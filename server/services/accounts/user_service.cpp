#include "server/services/accounts/user_service.hpp"

#include "base/mutant.hpp"
#include "server/model/limits.hpp"
#include "server/ports/store.hpp"
#include "server/services/accounts/device_service.hpp"
#include "server/services/conversations/group_service.hpp"
#include "server/services/text_rules.hpp"

namespace sotto::server {

ServiceResult<User> UserService::me(const Store& store, const Caller& caller) const {
  std::optional<User> user = store.accounts().find_user(caller.user);
  if (!user || user->deleted) return refuse(ServiceCode::not_found, "this account is deleted");
  return *std::move(user);
}

ServiceResult<User> UserService::find(const Store& store, const Caller& caller, UserId wanted) const {
  if (wanted == caller.user) return me(store, caller);
  std::optional<User> user = store.accounts().find_user(wanted);
  if (!user || user->deleted) return refuse(ServiceCode::not_found, "user_id: no user " + to_string(wanted));
  user->phone_number.clear();
  user->privacy = {};
  user->last_seen_at.reset();
  return *std::move(user);
}

ServiceResult<User> UserService::update(Store& store, WriteContext& context, const Caller& caller,
                                        const ProfileChange& change) {
  ServiceResult<User> user = me(store, caller);
  if (!user) return user;
  if (change.display_name) {
    const TextRule rule{.field = "display_name", .least = 1, .most = kMaxDisplayName};
    if (auto ok = check_text(rule, *change.display_name); !ok) return ok.error();
    user->display_name = *change.display_name;
  }
  if (change.about) {
    const TextRule rule{.field = "about", .most = kMaxAbout, .newlines = true};
    if (auto ok = check_text(rule, *change.about); !ok) return ok.error();
    user->about = *change.about;
  }
  if (change.avatar_media_id) user->avatar_media_id = *change.avatar_media_id;
  if (change.privacy && *change.privacy != user->privacy) {
    user->privacy = *change.privacy;
    context.events.events.emplace_back(VisibilityChanged{caller.user});
  }
  store.accounts().update_user(*user);
  return user;
}

ServiceResult<void> UserService::remove(Store& store, WriteContext& context, const Caller& caller) {
  ServiceResult<User> user = me(store, caller);
  if (!user) return user.error();
  groups_.leave_all(store, context, caller);
  store.contacts().delete_all_of(caller.user);
  store.accounts().forget_places(caller.user);
  for (const Device& device : store.accounts().devices_of(caller.user)) {
    if (!mutant(Mutant::deleted_account_lives_on)) revoke_device(store, context, caller.user, device.id);
  }
  User gone;
  gone.id = user->id;
  gone.created_at = user->created_at;
  gone.privacy.last_seen = LastSeenPrivacy::nobody;
  gone.deleted = true;
  store.accounts().update_user(gone);
  context.events.events.emplace_back(VisibilityChanged{caller.user});
  return {};
}

}  // namespace sotto::server
