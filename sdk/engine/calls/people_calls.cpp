#include "sdk/engine/calls/people_calls.hpp"

#include <algorithm>

#include "base/text_rules.hpp"
#include "sdk/engine/json.hpp"
#include "sdk/store/schema.hpp"

namespace sotto::engine {
namespace {

using Contacts = std::vector<Contact>;

// A server cannot keep a client busy for ever. The reference server's pages hold 500 of at most 10,000.
constexpr int kMaxContactPages = 200;

}  // namespace

HttpRequest look_up(const std::vector<std::string>& phone_numbers) {
  return {"POST", "/api/contacts", {}, JsonWriter().texts("phone_numbers", phone_numbers).str(), {}};
}

OperationNumber PeopleCalls::discover(const std::vector<std::string>& phone_numbers, Reply<Contacts> reply) {
  auto ticket = operations_.start(std::move(reply));
  const auto most = core_.limits().phone_numbers;
  if (phone_numbers.empty() || phone_numbers.size() > most ||
      !std::all_of(phone_numbers.begin(), phone_numbers.end(), is_phone_number)) {
    operations_.finish<Contacts>(
        ticket, Error(ErrorCode::invalid_argument,
                      "1 to " + std::to_string(most) + " phone numbers, each + and 7 to 15 digits"));
    return ticket.number;
  }
  requests_.send(look_up(phone_numbers), ticket.number, [this, ticket](const Result<HttpResponse>& response) {
    operations_.finish<Contacts>(ticket,
                                 response ? store_contacts(*response) : Result<Contacts>(response.error()));
  });
  return ticket.number;
}

OperationNumber PeopleCalls::find_user(const std::string& phone_number, Reply<Contact> reply) {
  if (auto known = core_.read().people.find_phone(phone_number)) {
    core_.stage_reply<Contact>(std::move(reply), std::move(*known));
    return {};
  }
  return discover({phone_number}, [reply = std::move(reply)](Result<Contacts> found) {
    if (!found) return reply(found.error());
    if (found->empty()) return reply(Error(ErrorCode::not_found, "nobody has this phone number"));
    reply(found->front());
  });
}

OperationNumber PeopleCalls::contacts(Reply<Contacts> reply) {
  auto ticket = operations_.start(std::move(reply));
  load_contacts(ticket, "", {}, 0, changes_);
  return ticket.number;
}

void PeopleCalls::load_contacts(Ticket<Contacts> ticket, const std::string& cursor, Contacts so_far,
                                int pages, std::uint64_t changes) {
  const std::string path = cursor.empty() ? "/api/contacts" : "/api/contacts?cursor=" + cursor;
  requests_.send({"GET", path, {}, "", {}}, ticket.number,
                 [this, ticket, cursor, so_far = std::move(so_far), pages,
                  changes](const Result<HttpResponse>& response) {
                   if (!response) {
                     if (response.error().category != ErrorCategory::retryable)
                       return operations_.finish<Contacts>(ticket, response.error());
                     return operations_.finish<Contacts>(ticket, core_.read().people.contacts());
                   }
                   // Something was changed since: what is known here is newer than the list.
                   if (changes != changes_)
                     return operations_.finish<Contacts>(ticket, core_.read().people.contacts());
                   std::string next;
                   Result<Contacts> page = read_contacts(*response, &next);
                   if (!page) return operations_.finish<Contacts>(ticket, page.error());
                   Contacts all = so_far;
                   all.insert(all.end(), page->begin(), page->end());
                   const auto place = parse_decimal(next);
                   if (place && *place > parse_decimal(cursor).value_or(0) && pages < kMaxContactPages)
                     return load_contacts(ticket, next, std::move(all), pages + 1, changes);
                   keep(all, true);
                   operations_.finish<Contacts>(ticket, core_.read().people.contacts());
                 });
}

Result<Contacts> PeopleCalls::read_contacts(const HttpResponse& response, std::string* next) const {
  auto body = JsonObject::read(response.body, "a list of contacts", "contacts");
  if (!body) return body.error();
  Contacts contacts;
  for (const JsonObject& item : body->list("contacts")) {
    Contact contact;
    contact.user_id = item.id<UserId>("user_id");
    contact.display_name = item.text("display_name");
    contact.phone_number = item.text("phone_number");
    if (store::is_valid_id(contact.user_id.value)) contacts.push_back(std::move(contact));
  }
  if (next != nullptr) *next = body->text("next_cursor");
  return contacts;
}

void PeopleCalls::keep(const Contacts& contacts, bool all) {
  if (!all) ++changes_;
  auto& people = core_.write().people;
  if (all) people.replace_contacts(contacts);
  for (const Contact& contact : contacts) {
    if (!all) people.save_contact(contact);
    if (auto direct = core_.read().conversations.find_peer(contact.user_id)) core_.touch(direct->row);
  }
}

Result<Contacts> PeopleCalls::store_contacts(const HttpResponse& response) {
  Result<Contacts> contacts = read_contacts(response, nullptr);
  if (contacts) keep(*contacts, false);
  return contacts;
}

OperationNumber PeopleCalls::remove_contact(UserId user, Reply<void> reply) {
  auto ticket = operations_.start(std::move(reply));
  requests_.send({"DELETE", "/api/contacts/" + to_string(user), {}, "", {}}, ticket.number,
                 [this, ticket, user](const Result<HttpResponse>& response) {
                   if (!response) return operations_.finish<void>(ticket, response.error());
                   ++changes_;
                   core_.write().people.remove_contact(user);
                   operations_.finish<void>(ticket, {});
                 });
  return ticket.number;
}

OperationNumber PeopleCalls::set_blocked(UserId user, bool blocked, Reply<void> reply) {
  auto ticket = operations_.start(std::move(reply));
  requests_.send({blocked ? "PUT" : "DELETE", "/api/blocks/" + to_string(user), {}, "", {}}, ticket.number,
                 [this, ticket, user, blocked](const Result<HttpResponse>& response) {
                   if (!response) return operations_.finish<void>(ticket, response.error());
                   core_.write().people.set_blocked(user, blocked);
                   operations_.finish<void>(ticket, {});
                 });
  return ticket.number;
}

}  // namespace sotto::engine
