#include "server/services/accounts/contact_service.hpp"

#include "base/mutant.hpp"
#include "base/snowflake.hpp"
#include "base/text_rules.hpp"
#include "server/ports/store.hpp"
#include "server/services/accounts/auth_service.hpp"
#include "server/services/messages/wire_size.hpp"

namespace sotto::server {

namespace {
constexpr std::size_t kContactHead = 100;      // id, number and names of fields, in JSON
constexpr std::size_t kLimiterKeys = 100'000;  // users that look numbers up on one day

ServiceResult<void> check_user(const Store& store, const Caller& caller, UserId user) {
  if (user == caller.user) return refuse(ServiceCode::bad_request, "user_id: this is you");
  if (!store.accounts().find_user(user)) {
    return refuse(ServiceCode::not_found, "user_id: no user " + to_string(user));
  }
  return {};
}
}  // namespace

ContactService::ContactService(const Limits& limits)
    : limits_(limits), lookups_(limits.contact_lookups_per_day, std::chrono::hours(24), kLimiterKeys) {}

ServiceResult<std::vector<FoundContact>> ContactService::add(Store& store, WriteContext& context,
                                                             const Caller& caller,
                                                             const std::vector<std::string>& phone_numbers) {
  if (phone_numbers.size() > kMaxPhoneLookups) {
    return refuse(ServiceCode::bad_request, "phone_numbers: " + std::to_string(phone_numbers.size()) +
                                                " numbers, at most " + std::to_string(kMaxPhoneLookups) +
                                                " are allowed at once");
  }
  for (std::size_t i = 0; i < phone_numbers.size(); ++i) {
    if (!is_phone_number(phone_numbers[i])) {
      return refuse(ServiceCode::bad_request, "phone_numbers[" + std::to_string(i) +
                                                  "]: must be in E.164 form, such as +4915112345678");
    }
  }
  if (limits_.rate_limits) {
    const Milliseconds wait =
        lookups_.take(caller.user, context.now, static_cast<double>(phone_numbers.size()));
    if (wait > Milliseconds(0)) return refuse_rate("too many numbers were looked up", wait);
  }

  std::vector<FoundContact> found;
  const std::size_t known = store.contacts().count_contacts(caller.user);
  std::size_t contacts = known;
  for (const std::string& number : phone_numbers) {
    std::optional<User> user = store.accounts().find_user_by_phone(number);
    // Oneself is no contact; somebody who has blocked the caller is not to be found.
    if (!user || user->id == caller.user || store.contacts().is_blocked(user->id, caller.user)) continue;
    if (!store.contacts().has_contact(caller.user, user->id)) ++contacts;
    found.push_back({number, user->id, std::move(user->display_name)});
  }
  if (contacts > kMaxContacts) {
    return refuse(ServiceCode::bad_request,
                  "phone_numbers: you would have more than " + std::to_string(kMaxContacts) + " contacts");
  }
  for (const FoundContact& contact : found) {
    store.contacts().put_contact(caller.user, {contact.user, contact.phone_number});
  }
  if (contacts > known) context.events.events.emplace_back(VisibilityChanged{caller.user});
  return found;
}

ServiceResult<ContactPage> ContactService::list(const Store& store, const Caller& caller,
                                                const std::optional<std::string>& cursor) const {
  UserId after;
  if (cursor) {
    const std::optional<UserId> parsed = parse_id<UserId>(*cursor);
    if (!parsed || parsed->value > kMaxId)
      return refuse(ServiceCode::bad_request, "cursor: not one that this server has given out");
    after = *parsed;
  }
  std::vector<Contact> rows = store.contacts().contacts_of(caller.user, after, kContactsPage + 1);
  bool more = rows.size() > kContactsPage;
  if (more) rows.pop_back();
  ContactPage page;
  PageRoom room(kPageBytes);
  UserId last;
  for (Contact& contact : rows) {
    const std::optional<User> user = store.accounts().find_user(contact.user);
    if (user && !user->deleted) {
      if (!room.take(kContactHead + json_size(user->display_name))) {
        more = true;
        break;
      }
      page.contacts.push_back({std::move(contact.phone_number), contact.user, user->display_name});
    }
    last = contact.user;
  }
  if (more) page.next = to_string(last);
  return page;
}

ServiceResult<void> ContactService::remove(Store& store, WriteContext& context, const Caller& caller,
                                           UserId user) {
  if (!store.contacts().delete_contact(caller.user, user)) {
    return refuse(ServiceCode::not_found, "user_id: " + to_string(user) + " is not a contact of yours");
  }
  context.events.events.emplace_back(VisibilityChanged{caller.user});
  return {};
}

ServiceResult<void> ContactService::block(Store& store, WriteContext& context, const Caller& caller,
                                          UserId user) {
  if (auto ok = check_user(store, caller, user); !ok) return ok;
  if (store.contacts().is_blocked(caller.user, user)) return {};
  if (store.contacts().count_blocks(caller.user) >= kMaxBlocks) {
    return refuse(ServiceCode::bad_request,
                  "user_id: more than " + std::to_string(kMaxBlocks) + " blocked users");
  }
  if (!mutant(Mutant::block_not_stored)) store.contacts().put_block(caller.user, user);
  context.events.events.emplace_back(VisibilityChanged{caller.user});
  return {};
}

ServiceResult<void> ContactService::unblock(Store& store, WriteContext& context, const Caller& caller,
                                            UserId user) {
  if (auto ok = check_user(store, caller, user); !ok) return ok;
  if (!store.contacts().is_blocked(caller.user, user)) return {};
  store.contacts().delete_block(caller.user, user);
  context.events.events.emplace_back(VisibilityChanged{caller.user});
  return {};
}

}  // namespace sotto::server
