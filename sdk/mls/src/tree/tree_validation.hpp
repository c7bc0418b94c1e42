// Is this tree one that members can have made? (RFC 9420 §7.3, §7.9.2, §12.4.3.1)
#pragma once

#include <span>

#include "sdk/mls/src/tree/ratchet_tree.hpp"
#include "sotto/mls/policy.hpp"

namespace sotto::mls {

/// Unmerged lists: rising, of members below the node, and listed by every node in between. Everything else
/// that walks a received tree relies on it.
Result<void> check_unmerged_leaves(const RatchetTree& tree);

/// Every parent is parent-hash valid, with exactly one child that says so.
Result<void> check_parent_hashes(const RatchetTree& tree);

/// Keys and credential types of `changed` leaves against all others. For a whole tree, pass all its leaves.
Result<void> check_leaves_together(const RatchetTree& tree, std::span<const LeafIndex> changed);

/// No encryption key of a parent is another node's.
Result<void> check_parent_keys(const Suite& suite, const RatchetTree& tree);

struct JoinedTree {
  CipherSuite suite{};
  ByteView group_id;
  const Extensions* group_extensions = nullptr;
};
/// All of the above and every leaf by itself: what a joiner checks.
Result<void> check_joined_tree(const RatchetTree& tree, const JoinedTree& group, const Environment& env);

std::vector<LeafIndex> member_leaves(const RatchetTree& tree);

}  // namespace sotto::mls
