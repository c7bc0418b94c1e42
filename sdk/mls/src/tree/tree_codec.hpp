// The ratchet_tree extension (RFC 9420 §12.4.3.3).
#pragma once

#include "sdk/mls/src/tree/ratchet_tree.hpp"

namespace sotto::mls {

/// optional<Node> ratchet_tree<V>, without the blank nodes at its end.
void write(Writer& w, const RatchetTree& tree);
/// Syntax, the kind of node at each place, that the last one is a leaf and not blank, and kMaxLeaves; the
/// tree's contents are checked by tree_validation.hpp, unmerged lists (which are indices from outside) before
/// anything else.
void read(Reader& r, RatchetTree& tree);

}  // namespace sotto::mls
