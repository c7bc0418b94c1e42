// The stream of a person: everything durable that a device has to learn, in ascending order of places. A
// device names its place in it (`last_seen_message_id`) and gets what follows.
//
// A new kind of element is one more alternative of ElementValue, and then, where the compiler asks for it:
// how the store finds it (StreamStore), how it is loaded (StreamService), its frame (to_frame), and at the
// place that makes it who hears of it (Audience).
#pragma once

#include <cstdint>
#include <utility>
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

/// Receipts that follow each other in one person's stream, ascending by id; at least one.
struct Receipts {
  std::vector<Receipt> items;
};

using ElementValue = std::variant<MessageView, Receipts, ConversationChange, Gap>;

struct StreamElement {
  Place place;  ///< of several receipts: of the last
  ElementValue value;
};

/// Where something stands in the stream: on one node its id and its place are the same number.
template <class Tag>
constexpr Place place_of(Id<Tag> id) {
  return Place{id.value};
}

/// Who hears of an element when it is stored: these people, on all their devices but one.
struct Audience {
  ConversationPtr members_of;  ///< everybody who is in it; null: nobody by this
  std::vector<UserId> people;
  DeviceId except;  ///< it has the element already; 0: none has

  static Audience members(ConversationPtr conversation, DeviceId except) {
    return {std::move(conversation), {}, except};
  }
  static Audience of(std::vector<UserId> people) { return {nullptr, std::move(people), DeviceId{}}; }
};

/// Which stream places belong to. A restored backup begins a new one, since what the server gave out after
/// the backup was made is unknown to it.
struct StreamOrigin {
  std::uint64_t id = 0;
  Place from;  ///< up to here it is the same as the streams before it
  friend bool operator==(const StreamOrigin&, const StreamOrigin&) = default;
};

/// What is said of a page of the stream, beside its elements.
struct StreamPage {
  /// Where to go on: pass it as the next cursor. With `complete` it is the place `synced` reports: everything
  /// up to here has been given.
  Place next;
  /// True: this page reached the end of what was committed when it was read.
  bool complete = false;
  /// The snapshot: the highest place (of anybody's) committed when this page was read. A live element with a
  /// greater place is not in it.
  Place snapshot;
  /// False: the place asked for is beyond the snapshot, so this server has never given it out. The page is
  /// empty.
  bool known = true;
};

}  // namespace sotto::server
