// What happens, in order. Events are published after what they tell has been committed to the local database,
// so an app that reads back on an event always finds it.
//
//   for (const Event& event : client.poll()) {
//     std::visit(overloaded{
//       [&](const MessageAdded& e) { notify(e.message); },
//       [&](const ConnectionChanged& e) { banner(e.state); },
//       [](const auto&) {},
//     }, event);
//   }
//
// The set of events grows; write the last branch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sotto/conversation.hpp"
#include "sotto/error.hpp"
#include "sotto/export.hpp"
#include "sotto/ids.hpp"
#include "sotto/message.hpp"
#include "sotto/person.hpp"
#include "sotto/time.hpp"

namespace sotto {

enum class ConnectionState : std::uint8_t {
  offline = 1,      ///< not wanted: not connected yet, disconnect(), suspended
  connecting = 2,   ///< trying
  catching_up = 3,  ///< connected, storing what was missed
  online = 4,       ///< connected and up to date
  waiting = 5,      ///< will try again at `retry_at`
  signed_out = 6,   ///< needs login
  superseded = 7,   ///< a newer connection of this device took over; connect() takes it back
};

/// "offline", "connecting", ...
SOTTO_API std::string_view to_string(ConnectionState state);

struct ConnectionChanged {
  ConnectionState state = ConnectionState::offline;
  std::optional<Error> cause;         ///< why it is not online, where there is a reason
  std::optional<Timestamp> retry_at;  ///< with `waiting`
};

/// Progress of catch-up; the last one has `done`.
struct CatchUpProgress {
  std::uint64_t applied = 0;  ///< items stored since this connection began
  bool done = false;
};

/// The search index of an earlier version is made anew, the newest messages first; the last one has `done`. A
/// search finds what has been reached. Comes about once a percent; nothing waits for it.
struct SearchIndexProgress {
  std::uint64_t indexed = 0;  ///< messages, about
  std::uint64_t total = 0;
  bool done = false;
};

/// A new message: received, or sent by this account from any device.
struct MessageAdded {
  Message message;
};

/// A message's state, id or time changed.
struct MessageChanged {
  Message message;
};

/// A message was removed from this device.
struct MessageRemoved {
  LocalId local_id;
  ConversationId conversation_id;
};

enum class ConversationChange : std::uint8_t {
  created = 1,
  renamed = 2,
  members_added = 3,
  members_removed = 4,
  role_changed = 5,
  deleted = 6,
  updated = 101,  ///< unread count, draft, own membership, anything else; above 100: told by the SDK alone
};

/// "created", "renamed", ...
SOTTO_API std::string_view to_string(ConversationChange change);

struct ConversationChanged {
  Conversation conversation;
  ConversationChange change = ConversationChange::updated;
  std::vector<UserId> affected;  ///< whom members_added, members_removed, role_changed are about
  std::optional<UserId> actor;   ///< who did it
};

/// A provisional conversation has become a real one (conversation.hpp).
struct ConversationIdentified {
  ConversationId provisional;
  ConversationId id;
};

/// These messages cannot be had; the timeline shows a hole that says why.
struct HoleFound {
  ConversationId conversation_id;
  MessageId from;
  MessageId to;
};

/// Somebody types. Stop showing it 6 s after the last of these, or with their next message.
struct TypingReceived {
  ConversationId conversation_id;
  UserId user_id;
};

struct PresenceChanged {
  Presence presence;
};

/// The tokens were revoked or have expired; sign in again. Nothing local has been deleted.
struct SignedOut {
  Error cause;
};

/// Something went wrong that belongs to no operation: the disk, a server that breaks the protocol.
struct ErrorOccurred {
  Error error;
};

/// The app did not poll in time and this many events were dropped. Read again what is on the screen; views
/// have lost nothing.
struct EventsDropped {
  std::uint64_t count = 0;
};

using Event = std::variant<ConnectionChanged, CatchUpProgress, MessageAdded, MessageChanged, MessageRemoved,
                           ConversationChanged, ConversationIdentified, HoleFound, TypingReceived,
                           PresenceChanged, SignedOut, ErrorOccurred, EventsDropped, SearchIndexProgress>;

}  // namespace sotto
