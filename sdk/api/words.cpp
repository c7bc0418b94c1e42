// The stable names of public enumerations.
#include "sotto/events.hpp"
#include "sotto/message.hpp"

namespace sotto {

std::string_view to_string(MessageState state) {
  switch (state) {
    case MessageState::queued:
      return "queued";
    case MessageState::encrypting:
      return "encrypting";
    case MessageState::in_flight:
      return "in_flight";
    case MessageState::sent:
      return "sent";
    case MessageState::delivered:
      return "delivered";
    case MessageState::read:
      return "read";
    case MessageState::blocked:
      return "blocked";
    case MessageState::failed:
      return "failed";
    case MessageState::expired:
      return "expired";
    case MessageState::cancelled:
      return "cancelled";
    case MessageState::received:
      return "received";
  }
  return "unknown";
}

std::string_view to_string(ConnectionState state) {
  switch (state) {
    case ConnectionState::offline:
      return "offline";
    case ConnectionState::connecting:
      return "connecting";
    case ConnectionState::catching_up:
      return "catching_up";
    case ConnectionState::online:
      return "online";
    case ConnectionState::waiting:
      return "waiting";
    case ConnectionState::signed_out:
      return "signed_out";
    case ConnectionState::superseded:
      return "superseded";
  }
  return "unknown";
}

std::string_view to_string(ConversationChange change) {
  switch (change) {
    case ConversationChange::created:
      return "created";
    case ConversationChange::renamed:
      return "renamed";
    case ConversationChange::members_added:
      return "members_added";
    case ConversationChange::members_removed:
      return "members_removed";
    case ConversationChange::role_changed:
      return "role_changed";
    case ConversationChange::deleted:
      return "deleted";
    case ConversationChange::updated:
      return "updated";
  }
  return "unknown";
}

}  // namespace sotto
