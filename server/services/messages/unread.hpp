// The one rule for unread counts, which the SDK shares as test vectors (tests/vectors/unread.json):
//
//   unread = messages of others in the conversation, visible to me, with ids greater than my read position
//
// Counting that for every line of an inbox would read every unread message, and keeping it would be a write
// for every recipient of every message. So the conversation counts its messages, each person's state the
// messages that need not be counted, and the difference is the answer.
#pragma once

#include <cstdint>

#include "server/model/receipt.hpp"

namespace sotto::server {

/// `count`: messages ever stored in the conversation (MessageStore::count).
inline std::uint64_t unread_of(const ReadState& state, std::uint64_t count) {
  const std::uint64_t seen = state.count_at_leave.value_or(count);
  const std::uint64_t done = state.own_count + state.others_done;
  return seen > done ? seen - done : 0;
}

/// Joining, or coming back: what was sent meanwhile is nobody's to read.
inline void note_joined(ReadState& state, std::uint64_t count) {
  state.others_done += count - state.count_at_leave.value_or(0);
  state.count_at_leave.reset();
}

inline void note_left(ReadState& state, std::uint64_t count) {
  state.count_at_leave = count;
}

/// The position has moved, and `unread` is what is left.
inline void note_read(ReadState& state, std::uint64_t count, MessageId up_to, std::uint64_t unread) {
  state.read_up_to = up_to;
  state.others_done = state.count_at_leave.value_or(count) - state.own_count - unread;
}

}  // namespace sotto::server
