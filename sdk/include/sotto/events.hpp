// Events, in order. An event is published after its change is committed to the local database, so an app that
// reads the database on an event always finds the change.
//
//   for (const Event& event : client.poll()) {
//     std::visit(overloaded{
//       [&](const MessageAdded& e) { notify(e.message); },
//       [&](const ConnectionChanged& e) { banner(e.state); },
//       [](const auto&) {},
//     }, event);
//   }
//
// Later versions add events: keep the catch-all branch.
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
  offline = 1,      ///< the app does not want a connection: before connect(), after disconnect(), suspended
  connecting = 2,   ///< trying to connect
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
  std::optional<Error> cause;         ///< why it is not online, if an error is the reason
  std::optional<Timestamp> retry_at;  ///< with `waiting`
};

/// Progress of catch-up. The last one has `done`.
struct CatchUpProgress {
  std::uint64_t applied = 0;  ///< items stored since this connection began
  bool done = false;
};

/// Progress of rebuilding a search index that an earlier version wrote, newest messages first. A search finds
/// the messages that are done. Sent about once a percent; the last one has `done`. Nothing waits for it.
struct SearchIndexProgress {
  std::uint64_t indexed = 0;  ///< messages, approximately
  std::uint64_t total = 0;
  bool done = false;
};

/// A new message: received, or sent by this account from any of its devices.
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
  updated = 101,  ///< unread count, draft, own membership, anything else. Above 100: from the SDK only
};

/// "created", "renamed", ...
SOTTO_API std::string_view to_string(ConversationChange change);

struct ConversationChanged {
  Conversation conversation;
  ConversationChange change = ConversationChange::updated;
  std::vector<UserId> affected;  ///< the people of members_added, members_removed, role_changed
  std::optional<UserId> actor;   ///< who did it
};

/// A conversation with a provisional id got its real one (conversation.hpp).
struct ConversationIdentified {
  ConversationId provisional;
  ConversationId id;
};

/// These messages are not available. The timeline shows a hole that says why.
struct HoleFound {
  ConversationId conversation_id;
  MessageId from;
  MessageId to;
};

/// Somebody is typing. Stop showing it 6 s after the last of these events, or with their next message.
struct TypingReceived {
  ConversationId conversation_id;
  UserId user_id;
};

struct PresenceChanged {
  Presence presence;
};

/// The tokens were revoked or have expired: the user has to sign in again. Nothing local has been deleted.
struct SignedOut {
  Error cause;
};

/// An error outside any operation, such as a failing disk or a server that violates the protocol.
struct ErrorOccurred {
  Error error;
};

/// The app did not poll in time, and this many events were dropped. Read again what is on the screen. Views
/// lose nothing.
struct EventsDropped {
  std::uint64_t count = 0;
};

using Event = std::variant<ConnectionChanged, CatchUpProgress, MessageAdded, MessageChanged, MessageRemoved,
                           ConversationChanged, ConversationIdentified, HoleFound, TypingReceived,
                           PresenceChanged, SignedOut, ErrorOccurred, EventsDropped, SearchIndexProgress>;

}  // namespace sotto
