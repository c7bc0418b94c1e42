// The stream of a person: everything durable a device has to learn, in ascending order of ids. A device names
// its place in it (`last_seen_message_id`) and gets what follows.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "server/model/conversation.hpp"
#include "server/model/message.hpp"
#include "server/model/receipt.hpp"

namespace sotto::server {

/// Messages that are no longer kept. Its place in the stream is `to`.
struct Gap {
  ConversationId conversation;
  MessageId from;
  MessageId to;
};

/// Which stream places belong to. A restored backup begins a new one, since what the server gave out after
/// the backup was made is unknown to it.
struct StreamOrigin {
  std::uint64_t id = 0;
  Place from;  ///< up to here it is the same as the streams before it
  friend bool operator==(const StreamOrigin&, const StreamOrigin&) = default;
};

struct StreamElement {
  Place id;
  std::variant<MessageView, Receipt, ConversationChange, Gap> value;
};

struct StreamPage {
  std::vector<StreamElement> elements;  ///< ascending by id
  /// Where to go on: pass it as the next cursor. With `complete` it is the place `synced` reports: everything
  /// up to here has been given.
  Place next;
  /// True: this page reached the end of what was committed when it was read.
  bool complete = false;
  /// The snapshot: the highest id (of anybody's) committed when this page was read. A live event with a
  /// greater id is not in it.
  Place snapshot;
  /// False: the place asked for is beyond the snapshot, so this server has never given it out. The page is
  /// empty.
  bool known = true;
};

}  // namespace sotto::server
