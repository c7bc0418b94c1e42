// Arithmetic on the flat array of a full binary tree (RFC 9420 Appendix C): leaves at even places, parents at
// odd ones, the number of leaves a power of two.
#pragma once

#include <bit>
#include <vector>

#include "sotto/mls/types.hpp"

namespace sotto::mls {

/// Leaves of a full tree: 1, 2, 4 ...
struct LeafCount {
  std::uint32_t value = 1;
  friend constexpr auto operator<=>(LeafCount, LeafCount) = default;
};

/// No tree is larger, wherever it comes from. A group of so many members takes 10 s of signatures to join and
/// 80 MiB to describe; a made-up tree of so many blank leaves takes 0.3 s to hash and 17 MiB.
inline constexpr std::uint32_t kMaxLeaves = 1u << 18;

constexpr std::uint32_t node_count(LeafCount n) {
  return 2 * n.value - 1;
}
constexpr NodeIndex to_node(LeafIndex leaf) {
  return {leaf.value * 2};
}
constexpr bool is_leaf(NodeIndex x) {
  return (x.value & 1) == 0;
}
/// Of a leaf's node.
constexpr LeafIndex to_leaf(NodeIndex x) {
  return {x.value / 2};
}
/// 0 for leaves.
constexpr std::uint32_t level(NodeIndex x) {
  return static_cast<std::uint32_t>(std::countr_one(x.value));
}
constexpr NodeIndex root(LeafCount n) {
  return {n.value - 1};
}
/// Children of a parent node.
constexpr NodeIndex left(NodeIndex x) {
  return {x.value ^ (1u << (level(x) - 1))};
}
constexpr NodeIndex right(NodeIndex x) {
  return {x.value ^ (3u << (level(x) - 1))};
}
/// Of a node that is not the root.
constexpr NodeIndex parent(NodeIndex x) {
  const std::uint32_t k = level(x);
  const std::uint32_t b = (x.value >> (k + 1)) & 1;
  return {(x.value | (1u << k)) ^ (b << (k + 1))};
}
constexpr NodeIndex sibling(NodeIndex x) {
  const NodeIndex p = parent(x);
  return x < p ? right(p) : left(p);
}
/// The leaves below a node are first ... first + count - 1.
constexpr LeafIndex first_leaf_below(NodeIndex x) {
  return {(x.value - ((1u << level(x)) - 1)) / 2};
}
constexpr std::uint32_t leaves_below(NodeIndex x) {
  return 1u << level(x);
}
/// Whether `leaf` is below `x` (or is `x`).
constexpr bool covers(NodeIndex x, LeafIndex leaf) {
  const std::uint32_t first = first_leaf_below(x).value;
  return leaf.value >= first && leaf.value - first < leaves_below(x);
}
/// The lowest node above two different leaves.
constexpr NodeIndex common_ancestor(LeafIndex a, LeafIndex b) {
  // Its return type is the standard's choice and not each library's: int in some, unsigned in others.
  const auto k = static_cast<std::uint32_t>(std::bit_width(a.value ^ b.value));
  return {((a.value >> k) << (k + 1)) + (1u << k) - 1};
}
/// From the leaf's parent to the root.
inline std::vector<NodeIndex> direct_path(LeafIndex leaf, LeafCount n) {
  std::vector<NodeIndex> path;
  for (NodeIndex x = to_node(leaf); x != root(n);) {
    x = parent(x);
    path.push_back(x);
  }
  return path;
}

}  // namespace sotto::mls
