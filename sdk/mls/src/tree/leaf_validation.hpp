// Is this leaf node acceptable in this place? (RFC 9420 §7.3, but for what depends on the other members: see
// tree_validation.hpp.)
#pragma once

#include <optional>

#include "sotto/mls/policy.hpp"

namespace sotto::mls {

/// What a GroupContext asks of each of its members (§11.1, §13.4): its extensions, and the contents of its
/// required_capabilities. Code points each once, without the default types.
struct GroupNeeds {
  std::vector<ExtensionType> group_extensions;
  RequiredCapabilities required;
};
Result<GroupNeeds> needs_of(const Extensions& group_extensions);

struct LeafCheck {
  CipherSuite suite{};
  std::optional<LeafNodeSource> source;  ///< the one its place requires; nothing: any (a tree that we join)
  CredentialEvent event{};
  ByteView group_id;                   ///< signed over by update and commit leaves
  LeafIndex leaf;                      ///< likewise
  GroupMembers members;                ///< of the group it comes into, as it was before
  const LeafNode* old_leaf = nullptr;  ///< what it replaces
  const GroupNeeds* needs = nullptr;   ///< of the group it will live in
  bool own = false;                    ///< about to be sent by us: the lifetime must be current
  bool signature_verified = false;     ///< earlier, on the same bytes
};

Result<void> check_leaf(const LeafNode& leaf, const LeafCheck& check, const Environment& env);

/// The extensions of a GroupContext by themselves: those we know decode, and external senders are acceptable
/// (§5.3.1).
Result<void> check_group_extensions(const Extensions& extensions, ByteView group_id, const Environment& env);

Result<void> check_leaf_meets(const LeafNode& leaf, const GroupNeeds& needs);

}  // namespace sotto::mls
