// Is this leaf node acceptable in this place? (RFC 9420 §7.3, but for what depends on the other members: see
// tree_validation.hpp.)
#pragma once

#include <optional>

#include "sotto/mls/policy.hpp"

namespace sotto::mls {

struct LeafCheck {
  CipherSuite suite{};
  std::optional<LeafNodeSource> source;  ///< the one its place requires; nothing: any (a tree that we join)
  CredentialEvent event{};
  ByteView group_id;                             ///< signed over by update and commit leaves
  LeafIndex leaf;                                ///< likewise
  const LeafNode* old_leaf = nullptr;            ///< what it replaces
  const Extensions* group_extensions = nullptr;  ///< of the GroupContext it will live in
  bool own = false;                              ///< about to be sent by us: the lifetime must be current
  bool signature_verified = false;               ///< earlier, on the same bytes
};

Result<void> check_leaf(const LeafNode& leaf, const LeafCheck& check, const Environment& env);

/// The extensions of a GroupContext by themselves: those we know decode, and external senders are acceptable
/// (§5.3.1).
Result<void> check_group_extensions(const Extensions& extensions, ByteView group_id, const Environment& env);

/// Whether the leaf supports every extension of a GroupContext and what its required_capabilities ask (§11.1,
/// §13.4).
Result<void> check_leaf_supports_group(const LeafNode& leaf, const Extensions& group_extensions);

}  // namespace sotto::mls
