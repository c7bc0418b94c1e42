// Tree hashes and parent hashes (RFC 9420 §7.8, §7.9).
#include <algorithm>

#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/tree/ratchet_tree.hpp"

namespace sotto::mls {

namespace {
constexpr std::uint8_t kLeafType = 1;
constexpr std::uint8_t kParentType = 2;

HashValue hash_leaf(LeafIndex i, const LeafNode* node) {
  Writer w;
  w.u8(kLeafType);
  w.u32(i.value);
  w.u8(node != nullptr ? 1 : 0);
  if (node != nullptr) write(w, *node);
  return hash(w.view());
}

HashValue hash_parent(const ParentNode* node, const HashValue& left_hash, const HashValue& right_hash) {
  Writer w;
  w.u8(kParentType);
  w.u8(node != nullptr ? 1 : 0);
  if (node != nullptr) write(w, *node);
  w.opaque(left_hash);
  w.opaque(right_hash);
  return hash(w.view());
}

/// The entries that are below `x`.
std::span<const LeafIndex> below(NodeIndex x, std::span<const LeafIndex> rising) {
  const LeafIndex first = first_leaf_below(x);
  const auto from = std::lower_bound(rising.begin(), rising.end(), first);
  const auto to = std::lower_bound(from, rising.end(), LeafIndex{first.value + leaves_below(x)});
  return {from, to};
}
}  // namespace

HashValue RatchetTree::tree_hash(NodeIndex x) const {
  if (is_leaf(x)) return hash_leaf(to_leaf(x), leaf(to_leaf(x)));
  CachedHash& cached = hashes_[x.value / 2];
  if (!cached.known) {
    cached.value = hash_parent(parent_node(x), tree_hash(left(x)), tree_hash(right(x)));
    cached.known = true;
  }
  return cached.value;
}

HashValue RatchetTree::original_tree_hash(NodeIndex x, std::span<const LeafIndex> without) const {
  without = below(x, without);
  if (without.empty()) return tree_hash(x);
  if (is_leaf(x)) return hash_leaf(to_leaf(x), nullptr);
  const HashValue left_hash = original_tree_hash(left(x), without);
  const HashValue right_hash = original_tree_hash(right(x), without);
  const ParentNode* node = parent_node(x);
  if (node == nullptr) return hash_parent(nullptr, left_hash, right_hash);
  ParentNode reduced = *node;
  std::erase_if(reduced.unmerged_leaves,
                [&](LeafIndex i) { return std::binary_search(without.begin(), without.end(), i); });
  return hash_parent(&reduced, left_hash, right_hash);
}

HashValue parent_hash(const ParentNode& parent, ByteView original_sibling_tree_hash) {
  Writer w;
  w.opaque(parent.encryption_key);
  w.opaque(parent.parent_hash);
  w.opaque(original_sibling_tree_hash);
  return hash(w.view());
}

}  // namespace sotto::mls
