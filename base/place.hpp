// A point in a person's stream of durable things (docs/protocol.md): what a device keeps as its cursor, and
// what the server pages by.
//
//   Place cursor{382901823901829120};
//   if (place <= cursor) return;   // had it before
//
// Places rise along the stream. On one server the place of an element is its own id; a server of many
// machines may give it a greater one (`place` in frames.proto). 0 is the beginning.
#pragma once

#include "sotto/ids.hpp"

namespace sotto {

using Place = Id<struct PlaceTag>;

}  // namespace sotto
