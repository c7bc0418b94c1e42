// Encoding of the parts of a saved state that are not MLS structures (docs/state-format.md).
#pragma once

#include "sdk/mls/src/group/group_state.hpp"

namespace sotto::mls {

void write(Writer& w, const EpochSecrets& v);
void read(Reader& r, EpochSecrets& v);
void write(Writer& w, const Sender& v);
void read(Reader& r, Sender& v);
void write_identity(Writer& w, const Identity& v);
std::optional<Identity> read_identity(Reader& r);
void write(Writer& w, const EpochChange& v);
void read(Reader& r, EpochChange& v);

}  // namespace sotto::mls
