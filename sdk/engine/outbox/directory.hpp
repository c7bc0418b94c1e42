// Which conversation is meant, and how a conversation that this device made up gets its real id.
//
// Conversations become known from four sides: the app writes to a person or a number, the stream brings a
// message or a change, an ack names the conversation of a first message, a REST answer does. Two sides may
// meet: the row that an app has written to offline turns out to be the one the stream has just brought. Then
// the rows are merged (store/conversation_table.hpp) and whoever keeps rows is told.
#pragma once

#include <functional>
#include <vector>

#include "sdk/engine/core.hpp"

namespace sotto::engine {

class Directory {
 public:
  using Moved = std::function<void(ConversationRow from, ConversationRow to)>;

  explicit Directory(Core& core) : core_(core) {}
  /// Called when rows have been merged: `from` is gone.
  void on_moved(Moved moved) { moved_.push_back(std::move(moved)); }

  /// What the app names. `not_found` for a conversation, `invalid_argument` for a number that is none; people
  /// and numbers get a conversation where there is none.
  Result<store::StoredConversation> for_target(const Target& target);
  Result<store::StoredConversation> find(ConversationId id);
  store::StoredConversation direct_with(UserId peer);
  /// What the server names; a new row where it is unknown, and then the inbox has to be asked what it is.
  store::StoredConversation named_by_server(ConversationId id);

  /// The row has this id. Returns the row that remains.
  ConversationRow identify(ConversationRow row, ConversationId id);
  /// The row is the direct conversation with this person. Returns the row that remains.
  ConversationRow set_peer(ConversationRow row, UserId peer);

 private:
  void merged(ConversationRow one, ConversationRow other, ConversationRow kept);
  Core& core_;
  std::vector<Moved> moved_;
};

}  // namespace sotto::engine
