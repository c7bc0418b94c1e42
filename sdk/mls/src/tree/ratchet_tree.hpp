// The public ratchet tree (RFC 9420 §4, §7): leaves and parents in flat arrays, tree hashes cached beside
// them.
//
//   RatchetTree next = tree;             // cheap: nodes are shared; a node is replaced and never changed
//   next.remove_leaf(LeafIndex{3});
//   LeafIndex at = next.add_leaf(package.leaf_node);
//   HashValue h = next.root_hash();      // only what changed is hashed again
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sdk/mls/src/crypto/suite.hpp"
#include "sdk/mls/src/tree/leaf_node_codec.hpp"
#include "sdk/mls/src/tree/tree_math.hpp"

namespace sotto::mls {

struct ParentNode {
  Bytes encryption_key;
  Bytes parent_hash;
  std::vector<LeafIndex> unmerged_leaves;  ///< rising
  friend bool operator==(const ParentNode&, const ParentNode&) = default;
};
void write(Writer& w, const ParentNode& v);
void read(Reader& r, ParentNode& v);

/// One step of a filtered direct path (§4.1.2).
struct PathStep {
  NodeIndex node;
  NodeIndex copath;  ///< the child of `node` that is not on the path
};

class RatchetTree {
 public:
  /// One blank leaf.
  RatchetTree();
  /// Nodes in array order, kMaxLeaves leaves at most; those that are not given are blank, to the next full
  /// size.
  RatchetTree(std::vector<std::shared_ptr<const LeafNode>> leaves,
              std::vector<std::shared_ptr<const ParentNode>> parents);

  [[nodiscard]] LeafCount leaf_count() const { return leaf_count_; }
  /// Null for a blank leaf, and for one that is not there.
  [[nodiscard]] const LeafNode* leaf(LeafIndex i) const { return shared_leaf(i).get(); }
  [[nodiscard]] const std::shared_ptr<const LeafNode>& shared_leaf(LeafIndex i) const;
  /// Null for a blank parent.
  [[nodiscard]] const ParentNode* parent_node(NodeIndex x) const;
  // In order, to the last one that was ever set: blank ones after it are left out.
  [[nodiscard]] const std::vector<std::shared_ptr<const LeafNode>>& leaves() const { return leaves_; }
  [[nodiscard]] const std::vector<std::shared_ptr<const ParentNode>>& parents() const { return parents_; }
  [[nodiscard]] bool is_blank(NodeIndex x) const;
  /// Empty for a blank node.
  [[nodiscard]] ByteView encryption_key(NodeIndex x) const;
  [[nodiscard]] std::size_t member_count() const;
  /// How many members more there can be.
  [[nodiscard]] std::size_t room() const { return kMaxLeaves - member_count(); }

  // Changes (§7.7, §12.1): each keeps the tree full and forgets the hashes it makes wrong.
  /// The leftmost blank leaf; extends the tree if there is none. There must be room.
  LeafIndex reserve_leaf();
  /// Adds, each at the leftmost blank leaf. All at once, because each puts its leaf on the lists of the nodes
  /// above it, and a node that is changed is copied.
  std::vector<LeafIndex> add_leaves(std::span<const LeafNode* const> nodes);
  LeafIndex add_leaf(const LeafNode& node);
  /// An Update: new leaf, blank path.
  void update_leaf(LeafIndex i, LeafNode node);
  /// A Remove: blank leaf, blank path. Call `truncate` once all removes are done.
  void remove_leaf(LeafIndex i);
  /// Halves the tree while its right half has no member.
  void truncate();
  /// The leaf alone, as a commit's path does.
  void set_leaf(LeafIndex i, std::shared_ptr<const LeafNode> node);
  void set_parent(NodeIndex x, std::shared_ptr<const ParentNode> node);
  void blank_direct_path(LeafIndex i);

  // Views
  /// §4.1.1: nodes that cover all members below `x`, in order.
  [[nodiscard]] std::vector<NodeIndex> resolution(NodeIndex x) const;
  /// Whether that is empty, without making it.
  [[nodiscard]] bool is_subtree_blank(NodeIndex x) const;
  [[nodiscard]] std::vector<PathStep> filtered_direct_path(LeafIndex i) const;

  // Hashes
  /// §7.8
  [[nodiscard]] HashValue tree_hash(NodeIndex x) const;
  [[nodiscard]] HashValue root_hash() const { return tree_hash(root(leaf_count())); }
  /// §7.9: the tree hash of `x` with `without` (rising) blanked and taken off the unmerged lists.
  [[nodiscard]] HashValue original_tree_hash(NodeIndex x, std::span<const LeafIndex> without) const;

 private:
  void set_leaf_count(LeafCount count);
  void forget_hashes_above(NodeIndex x);
  void collect_resolution(NodeIndex x, std::vector<NodeIndex>& out) const;

  struct CachedHash {
    HashValue value{};
    bool known = false;
  };

  LeafCount leaf_count_;
  std::vector<std::shared_ptr<const LeafNode>> leaves_;     // leaf_count_ of them at most
  std::vector<std::shared_ptr<const ParentNode>> parents_;  // node 2i + 1 at i
  // Of each parent, as parents_ but for all of them. A leaf's hash is made again when it is asked for: a copy
  // of it would take more than half as much memory as all else here.
  mutable std::vector<CachedHash> hashes_;
  std::uint32_t first_blank_ = 0;  // no leaf before this one is blank
};

/// The parent hash of `parent` with a copath child of that tree hash (§7.9).
HashValue parent_hash(const ParentNode& parent, ByteView original_sibling_tree_hash);

}  // namespace sotto::mls
