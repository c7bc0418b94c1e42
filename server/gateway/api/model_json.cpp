#include "server/gateway/api/model_json.hpp"

#include <utility>

#include <boost/json/serialize.hpp>

#include "proto/json_mapping.hpp"
#include "server/gateway/session/frames.hpp"

namespace sotto::server {
namespace {

namespace json = boost::json;

void append_message(std::string& out, const MessageView& view) {
  out += '{';
  write_json_fields(to_frame(view).message(), out);
  out += '}';
}

}  // namespace

std::string time_text(Timestamp t) {
  return std::to_string(to_unix_ms(t));
}

json::object public_profile(const User& user) {
  json::object out{
      {"user_id", to_string(user.id)}, {"display_name", user.display_name}, {"about", user.about}};
  out["avatar_media_id"] =
      user.avatar_media_id ? json::value(std::to_string(*user.avatar_media_id)) : nullptr;
  return out;
}

json::object own_profile(const User& user) {
  json::object out = public_profile(user);
  out["phone_number"] = user.phone_number;
  out["privacy"] = json::object{{"last_seen", to_string(user.privacy.last_seen)}};
  return out;
}

json::object device_json(const Device& device, DeviceId current) {
  return {{"device_id", to_string(device.id)},
          {"device_name", device.name},
          {"created_at", time_text(device.created_at)},
          {"last_seen_at", time_text(device.last_seen_at)},
          {"current", device.id == current}};
}

json::array contacts_json(const std::vector<FoundContact>& contacts) {
  json::array out;
  for (const FoundContact& contact : contacts)
    out.push_back(json::object{{"phone_number", contact.phone_number},
                               {"user_id", to_string(contact.user)},
                               {"display_name", contact.display_name}});
  return out;
}

json::object group_json(const ConversationState& group, UserId viewer) {
  json::object out{{"conversation_id", to_string(group.id)},
                   {"change_id", to_string(group.last_change)},
                   {"deleted", group.deleted},
                   {"created_at", time_text(group.created_at())},
                   {"updated_at", time_text(group.updated_at())}};
  if (group.deleted || !group.has(viewer)) return out;
  json::array members;
  for (const Member& member : group.members)
    members.push_back(json::object{{"user_id", to_string(member.user)},
                                   {"role", to_string(member.role)},
                                   {"joined_at", time_text(member.joined_at())},
                                   {"joined_id", to_string(member.joined_id)}});
  out["name"] = group.name;
  out["members"] = std::move(members);
  return out;
}

json::array receipts_json(const std::vector<MemberStatus>& receipts) {
  json::array out;
  for (const MemberStatus& receipt : receipts)
    out.push_back(json::object{{"user_id", to_string(receipt.user)},
                               {"status", to_string(receipt.status)},
                               {"updated_at", time_text(receipt.updated_at)}});
  return out;
}

std::string history_json(const HistoryPage& page) {
  std::string out = R"({"messages":[)";
  for (const MessageView& message : page.messages) {
    if (out.back() == '}') out += ',';
    append_message(out, message);
  }
  out += page.has_more ? R"(],"has_more":true)" : R"(],"has_more":false)";
  if (page.gap) {
    out += R"(,"gap":)" + json::serialize(json::object{{"conversation_id", to_string(page.gap->conversation)},
                                                       {"from_message_id", to_string(page.gap->from)},
                                                       {"to_message_id", to_string(page.gap->to)}});
  }
  return out + '}';
}

std::string inbox_json(const InboxPage& page, UserId viewer) {
  std::string out = R"({"conversations":[)";
  for (const InboxEntry& entry : page.entries) {
    if (out.back() == '}') out += ',';
    json::object head{{"conversation_id", to_string(entry.conversation->id)},
                      {"kind", to_string(entry.conversation->kind)},
                      {"name", entry.name},
                      {"unread_count", entry.unread},
                      {"updated_at", time_text(entry.updated_at)}};
    if (entry.conversation->kind == ConversationKind::direct)
      head["peer_user_id"] = to_string(entry.conversation->peer_of(viewer));
    out += json::serialize(head);
    out.back() = ',';  // the object goes on
    out += R"("last_message":)";
    if (entry.last_message)
      append_message(out, *entry.last_message);
    else
      out += "null";
    out += '}';
  }
  out += R"(],"next_cursor":)" + (page.next ? json::serialize(json::value(*page.next)) : std::string("null"));
  return out + '}';
}

}  // namespace sotto::server
