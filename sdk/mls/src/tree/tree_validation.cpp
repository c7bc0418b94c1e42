#include "sdk/mls/src/tree/tree_validation.hpp"

#include <algorithm>
#include <set>

#include "sdk/mls/src/crypto/hpke.hpp"
#include "sdk/mls/src/tree/code_points.hpp"
#include "sdk/mls/src/tree/leaf_validation.hpp"

namespace sotto::mls {

namespace {

Error node_error(ErrorCode code, NodeIndex x, std::string_view what) {
  return {code, "node " + std::to_string(x.value) + ": " + std::string(what)};
}

std::vector<NodeIndex> parent_indices(const RatchetTree& tree) {
  std::vector<NodeIndex> out;
  for (std::uint32_t x = 1; x < node_count(tree.leaf_count()); x += 2) {
    if (!tree.is_blank({x})) out.push_back({x});
  }
  return out;
}

bool lists(const ParentNode& node, LeafIndex leaf) {
  return std::binary_search(node.unmerged_leaves.begin(), node.unmerged_leaves.end(), leaf);
}

/// The node D below the child `c` of a parent with those unmerged leaves that could have been set together
/// with it: resolution(c) must be D and just the unmerged leaves below c (§7.9.2).
std::optional<NodeIndex> path_child(const RatchetTree& tree, const ParentNode& parent, NodeIndex c) {
  const auto& unmerged = parent.unmerged_leaves;
  const auto expected = static_cast<std::size_t>(
      std::count_if(unmerged.begin(), unmerged.end(), [&](LeafIndex i) { return covers(c, i); }));
  const std::vector<NodeIndex> resolution = tree.resolution(c);
  if (resolution.size() != expected + 1) return std::nullopt;
  std::optional<NodeIndex> found;
  for (NodeIndex x : resolution) {
    if (is_leaf(x) && lists(parent, to_leaf(x))) continue;
    if (found) return std::nullopt;
    found = x;
  }
  return found;
}

ByteView parent_hash_field(const RatchetTree& tree, NodeIndex x) {
  if (!is_leaf(x)) return tree.parent_node(x)->parent_hash;
  const LeafNode* leaf = tree.leaf(to_leaf(x));
  return leaf->source == LeafNodeSource::commit ? ByteView(leaf->parent_hash) : ByteView{};
}

bool is_set_with(const RatchetTree& tree, NodeIndex x, NodeIndex child, NodeIndex other) {
  const ParentNode& parent = *tree.parent_node(x);
  const auto below = path_child(tree, parent, child);
  if (!below) return false;
  const ByteView field = parent_hash_field(tree, *below);
  if (field.empty()) return false;
  const HashValue expected = parent_hash(parent, tree.original_tree_hash(other, parent.unmerged_leaves));
  return std::equal(field.begin(), field.end(), expected.begin(), expected.end());
}

Result<void> check_credential_types(const RatchetTree& tree, std::span<const LeafIndex> changed) {
  std::vector<CredentialType> in_use;   // by anybody
  std::vector<CredentialType> brought;  // by the changed leaves
  const auto add = [](std::vector<CredentialType>& list, CredentialType type) {
    if (list.empty() || list.back() != type) list.push_back(type);  // mostly they are all of one type
  };
  for (const auto& leaf : tree.leaves()) {
    if (leaf) add(in_use, leaf->credential.type);
  }
  for (LeafIndex i : changed)
    add(brought, tree.leaf(i)->credential.type);
  in_use = sorted_once(std::move(in_use));
  brought = sorted_once(std::move(brought));
  for (LeafIndex i : changed) {
    if (first_missing(tree.leaf(i)->capabilities.credentials, in_use))
      return node_error(ErrorCode::leaf_lacks_credential_type_in_use, to_node(i),
                        "does not support a credential type in use");
  }
  for (std::uint32_t i = 0; i < tree.leaf_count().value; ++i) {
    const LeafNode* leaf = tree.leaf({i});
    if (leaf != nullptr && first_missing(leaf->capabilities.credentials, brought))
      return node_error(ErrorCode::credential_type_unsupported_by_member, to_node({i}),
                        "does not support a new member's credential type");
  }
  return {};
}

}  // namespace

std::vector<LeafIndex> member_leaves(const RatchetTree& tree) {
  std::vector<LeafIndex> out;
  for (std::uint32_t i = 0; i < tree.leaf_count().value; ++i) {
    if (tree.leaf({i}) != nullptr) out.push_back({i});
  }
  return out;
}

Result<void> check_unmerged_leaves(const RatchetTree& tree) {
  for (NodeIndex x : parent_indices(tree)) {
    const auto& unmerged = tree.parent_node(x)->unmerged_leaves;
    for (std::size_t i = 0; i < unmerged.size(); ++i) {
      const LeafIndex leaf = unmerged[i];
      if (i > 0 && !(unmerged[i - 1] < leaf))
        return node_error(ErrorCode::unmerged_leaf_invalid, x, "unmerged leaves are not rising");
      if (!covers(x, leaf) || tree.leaf(leaf) == nullptr)
        return node_error(ErrorCode::unmerged_leaf_invalid, x, "an unmerged leaf is no member below it");
      for (NodeIndex between = parent(to_node(leaf)); between != x; between = parent(between)) {
        const ParentNode* node = tree.parent_node(between);
        if (node != nullptr && !lists(*node, leaf))
          return node_error(ErrorCode::unmerged_leaf_invalid, between,
                            "an unmerged leaf is not listed in between");
      }
    }
  }
  return {};
}

Result<void> check_parent_hashes(const RatchetTree& tree) {
  for (NodeIndex x : parent_indices(tree)) {
    const bool by_left = is_set_with(tree, x, left(x), right(x));
    const bool by_right = is_set_with(tree, x, right(x), left(x));
    if (by_left == by_right)
      return node_error(ErrorCode::tree_parent_hash_invalid, x, "not chained to exactly one node below");
  }
  return {};
}

Result<void> check_leaves_together(const RatchetTree& tree, std::span<const LeafIndex> changed) {
  if (changed.empty()) return {};
  std::set<std::string_view> encryption_keys;
  std::set<std::string_view> signature_keys;
  std::vector<bool> is_changed(tree.leaf_count().value);
  for (LeafIndex i : changed) {
    const LeafNode& leaf = *tree.leaf(i);
    is_changed[i.value] = true;
    if (!encryption_keys.insert(as_text(leaf.encryption_key)).second)
      return node_error(ErrorCode::encryption_key_not_unique, to_node(i), "encryption key of another member");
    if (!signature_keys.insert(as_text(leaf.signature_key)).second)
      return node_error(ErrorCode::signature_key_not_unique, to_node(i), "signature key of another member");
  }
  for (std::uint32_t i = 0; i < tree.leaf_count().value; ++i) {
    const LeafNode* leaf = tree.leaf({i});
    if (leaf == nullptr || is_changed[i]) continue;
    if (encryption_keys.contains(as_text(leaf->encryption_key)))
      return node_error(ErrorCode::encryption_key_not_unique, to_node({i}),
                        "a changed leaf has this encryption key");
    if (signature_keys.contains(as_text(leaf->signature_key)))
      return node_error(ErrorCode::signature_key_not_unique, to_node({i}),
                        "a changed leaf has this signature key");
  }
  for (const auto& node : tree.parents()) {
    if (node && encryption_keys.contains(as_text(node->encryption_key)))
      return Error{ErrorCode::encryption_key_not_unique, "a leaf has the encryption key of a parent node"};
  }
  return check_credential_types(tree, changed);
}

Result<void> check_parent_keys(const Suite& suite, const RatchetTree& tree) {
  std::set<std::string_view> keys;
  for (NodeIndex x : parent_indices(tree)) {
    const ByteView key = tree.encryption_key(x);
    if (!is_hpke_public_key(suite, key)) return node_error(ErrorCode::key_invalid, x, "encryption_key");
    if (!keys.insert(as_text(key)).second)
      return node_error(ErrorCode::tree_key_not_unique, x, "encryption key of another parent node");
  }
  for (LeafIndex i : member_leaves(tree)) {
    if (keys.contains(as_text(tree.leaf(i)->encryption_key)))
      return node_error(ErrorCode::tree_key_not_unique, to_node(i), "encryption key of a parent node");
  }
  return {};
}

Result<void> check_joined_tree(const RatchetTree& tree, const JoinedTree& group, const Environment& env) {
  const Suite* suite = find_suite(group.suite);
  if (suite == nullptr) return Error{ErrorCode::cipher_suite_unsupported, "tree"};
  if (auto ok = check_unmerged_leaves(tree); !ok) return ok;
  if (auto ok = check_parent_keys(*suite, tree); !ok) return ok;
  if (auto ok = check_parent_hashes(tree); !ok) return ok;
  auto needs = needs_of(*group.group_extensions);
  if (!needs) return needs.error();
  const std::vector<LeafIndex> members = member_leaves(tree);
  for (LeafIndex i : members) {
    LeafCheck check;
    check.suite = group.suite;
    check.event = CredentialEvent::join;
    check.group_id = group.group_id;
    check.leaf = i;
    check.members = tree.leaves();
    check.needs = &*needs;
    if (auto ok = check_leaf(*tree.leaf(i), check, env); !ok) return ok;
  }
  return check_leaves_together(tree, members);
}

}  // namespace sotto::mls
