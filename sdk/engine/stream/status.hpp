// How the server writes how far a message has come: as a number in frames, as a word in JSON.
#pragma once

#include <string_view>

#include "sotto/lite/frames.pb.h"
#include "sotto/message.hpp"

namespace sotto::engine {

/// What is not known counts as `sent`: the least that a message of the server can be.
inline MessageState state_of(lite::Status::Value status) {
  if (status == lite::Status::read) return MessageState::read;
  return status == lite::Status::delivered ? MessageState::delivered : MessageState::sent;
}

inline MessageState state_of(std::string_view word) {
  if (word == "read") return MessageState::read;
  return word == "delivered" ? MessageState::delivered : MessageState::sent;
}

}  // namespace sotto::engine
