// The protocol's words for the enums of the model.
#include "server/model/conversation.hpp"
#include "server/model/message.hpp"
#include "server/model/user.hpp"

namespace sotto::server {

std::string_view to_string(LastSeenPrivacy privacy) {
  switch (privacy) {
    case LastSeenPrivacy::everyone:
      return "everyone";
    case LastSeenPrivacy::contacts:
      return "contacts";
    case LastSeenPrivacy::nobody:
      break;
  }
  return "nobody";
}

std::optional<LastSeenPrivacy> parse_last_seen_privacy(std::string_view text) {
  for (auto value : {LastSeenPrivacy::everyone, LastSeenPrivacy::contacts, LastSeenPrivacy::nobody}) {
    if (text == to_string(value)) return value;
  }
  return std::nullopt;
}

std::string_view to_string(PushPlatform platform) {
  switch (platform) {
    case PushPlatform::apns:
      return "apns";
    case PushPlatform::fcm:
      return "fcm";
    case PushPlatform::none:
      break;
  }
  return "none";
}

std::optional<PushPlatform> parse_push_platform(std::string_view text) {
  if (text == "apns") return PushPlatform::apns;
  if (text == "fcm") return PushPlatform::fcm;
  return std::nullopt;
}

std::string_view to_string(ConversationKind kind) {
  return kind == ConversationKind::direct ? "direct" : "group";
}

std::string_view to_string(Role role) {
  return role == Role::admin ? "admin" : "member";
}

std::optional<Role> parse_role(std::string_view text) {
  if (text == "admin") return Role::admin;
  if (text == "member") return Role::member;
  return std::nullopt;
}

std::string_view to_string(ChangeKind change) {
  switch (change) {
    case ChangeKind::created:
      return "created";
    case ChangeKind::renamed:
      return "renamed";
    case ChangeKind::members_added:
      return "members_added";
    case ChangeKind::members_removed:
      return "members_removed";
    case ChangeKind::role_changed:
      return "role_changed";
    case ChangeKind::deleted:
      break;
  }
  return "deleted";
}

std::string_view to_string(Status status) {
  switch (status) {
    case Status::sent:
      return "sent";
    case Status::delivered:
      return "delivered";
    case Status::read:
      break;
  }
  return "read";
}

}  // namespace sotto::server
