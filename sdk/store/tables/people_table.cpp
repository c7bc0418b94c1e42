#include "sdk/store/tables/people_table.hpp"

namespace sotto::store {
namespace {

Contact read_contact(const Query& q) {
  return {q.id<UserId>(0), q.text(1), q.text(2), q.boolean(3)};
}

}  // namespace

std::optional<Profile> PeopleTable::profile(UserId user) {
  auto q = db_.query("SELECT display_name, about, avatar_media_id FROM people WHERE user_id = ?1", user);
  if (!q.next()) return std::nullopt;
  return Profile{user, q.text(0), q.text(1), q.optional_text(2), std::nullopt};
}

void PeopleTable::save_profile(const Profile& profile) {
  ensure(profile.user_id);
  const auto avatar =
      profile.avatar_media_id ? std::optional<std::string_view>(*profile.avatar_media_id) : std::nullopt;
  db_.run("UPDATE people SET display_name = ?2, about = ?3, avatar_media_id = ?4 WHERE user_id = ?1",
          profile.user_id, std::string_view(profile.display_name), std::string_view(profile.about), avatar);
}

std::string PeopleTable::name_of(UserId user) {
  auto q = db_.query("SELECT display_name FROM people WHERE user_id = ?1", user);
  return q.next() ? q.text(0) : std::string();
}

void PeopleTable::save_contact(const Contact& contact) {
  ensure(contact.user_id);
  db_.run("UPDATE people SET display_name = ?2, is_contact = 1 WHERE user_id = ?1", contact.user_id,
          std::string_view(contact.display_name));
  if (contact.phone_number.empty()) return;
  // Numbers change hands: the newest answer is right.
  db_.run("UPDATE people SET phone_number = NULL WHERE phone_number = ?2 AND user_id <> ?1", contact.user_id,
          std::string_view(contact.phone_number));
  db_.run("UPDATE people SET phone_number = ?2 WHERE user_id = ?1", contact.user_id,
          std::string_view(contact.phone_number));
}

std::vector<Contact> PeopleTable::contacts() {
  std::vector<Contact> found;
  auto q = db_.query(
      "SELECT user_id, display_name, phone_number, is_blocked FROM people WHERE is_contact = 1 "
      "ORDER BY display_name, user_id");
  while (q.next())
    found.push_back(read_contact(q));
  return found;
}

std::optional<Contact> PeopleTable::find_phone(const std::string& e164) {
  auto q =
      db_.query("SELECT user_id, display_name, phone_number, is_blocked FROM people WHERE phone_number = ?1",
                std::string_view(e164));
  return q.next() ? std::optional(read_contact(q)) : std::nullopt;
}

void PeopleTable::replace_contacts(const std::vector<Contact>& contacts) {
  db_.run("UPDATE people SET is_contact = 0 WHERE is_contact = 1");
  for (const Contact& contact : contacts)
    save_contact(contact);
}

void PeopleTable::remove_contact(UserId user) {
  db_.run("UPDATE people SET is_contact = 0 WHERE user_id = ?1", user);
}

void PeopleTable::set_blocked(UserId user, bool blocked) {
  ensure(user);
  db_.run("UPDATE people SET is_blocked = ?2 WHERE user_id = ?1", user, blocked);
}

std::vector<UserId> PeopleTable::blocked() {
  std::vector<UserId> found;
  auto q = db_.query("SELECT user_id FROM people WHERE is_blocked = 1 ORDER BY user_id");
  while (q.next())
    found.push_back(q.id<UserId>(0));
  return found;
}

void PeopleTable::ensure(UserId user) {
  db_.run(
      "INSERT INTO people (user_id, display_name, about, is_contact, is_blocked) VALUES (?1, '', '', 0, 0) "
      "ON CONFLICT DO NOTHING",
      user);
}

}  // namespace sotto::store
