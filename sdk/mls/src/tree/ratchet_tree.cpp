#include "sdk/mls/src/tree/ratchet_tree.hpp"

#include <algorithm>
#include <bit>
#include <map>

namespace sotto::mls {

void write(Writer& w, const ParentNode& v) {
  w.opaque(v.encryption_key);
  w.opaque(v.parent_hash);
  w.length(v.unmerged_leaves.size() * sizeof(std::uint32_t));
  for (LeafIndex leaf : v.unmerged_leaves)
    w.u32(leaf.value);
}

void read(Reader& r, ParentNode& v) {
  v.encryption_key = r.opaque();
  v.parent_hash = r.opaque();
  v.unmerged_leaves.clear();
  r.vector([&] { v.unmerged_leaves.push_back(LeafIndex{r.u32()}); });
}

namespace {
const std::shared_ptr<const LeafNode> kBlankLeaf;
}

RatchetTree::RatchetTree() = default;

RatchetTree::RatchetTree(std::vector<std::shared_ptr<const LeafNode>> leaves,
                         std::vector<std::shared_ptr<const ParentNode>> parents)
    : leaves_(std::move(leaves)), parents_(std::move(parents)) {
  leaves_.shrink_to_fit();
  parents_.shrink_to_fit();
  set_leaf_count({static_cast<std::uint32_t>(std::bit_ceil(std::max(leaves_.size(), parents_.size() + 1)))});
}

const std::shared_ptr<const LeafNode>& RatchetTree::shared_leaf(LeafIndex i) const {
  return i.value < leaves_.size() ? leaves_[i.value] : kBlankLeaf;
}

const ParentNode* RatchetTree::parent_node(NodeIndex x) const {
  const std::size_t i = x.value / 2;
  return i < parents_.size() ? parents_[i].get() : nullptr;
}

bool RatchetTree::is_blank(NodeIndex x) const {
  return is_leaf(x) ? leaf(to_leaf(x)) == nullptr : parent_node(x) == nullptr;
}

ByteView RatchetTree::encryption_key(NodeIndex x) const {
  if (is_leaf(x)) {
    const LeafNode* node = leaf(to_leaf(x));
    return node == nullptr ? ByteView{} : ByteView(node->encryption_key);
  }
  const ParentNode* node = parent_node(x);
  return node == nullptr ? ByteView{} : ByteView(node->encryption_key);
}

std::size_t RatchetTree::member_count() const {
  return static_cast<std::size_t>(
      std::count_if(leaves_.begin(), leaves_.end(), [](const auto& node) { return node != nullptr; }));
}

LeafIndex RatchetTree::reserve_leaf() {
  while (leaf({first_blank_}) != nullptr)
    ++first_blank_;
  if (first_blank_ == leaf_count_.value) set_leaf_count({leaf_count_.value * 2});
  return {first_blank_};
}

std::vector<LeafIndex> RatchetTree::add_leaves(std::span<const LeafNode* const> nodes) {
  std::vector<LeafIndex> out;
  std::map<NodeIndex, std::vector<LeafIndex>> unmerged;
  for (const LeafNode* node : nodes) {
    const LeafIndex at = reserve_leaf();
    set_leaf(at, std::make_shared<const LeafNode>(*node));
    out.push_back(at);
    // §12.1.1: unmerged below every node above that has a key
    for (NodeIndex x : direct_path(at, leaf_count())) {
      if (parent_node(x) != nullptr) unmerged[x].push_back(at);
    }
  }
  for (const auto& [x, added] : unmerged) {
    auto changed = std::make_shared<ParentNode>(*parent_node(x));
    auto& list = changed->unmerged_leaves;
    const auto middle = list.insert(list.end(), added.begin(), added.end());
    std::inplace_merge(list.begin(), middle, list.end());
    parents_[x.value / 2] = std::move(changed);
  }
  return out;
}

LeafIndex RatchetTree::add_leaf(const LeafNode& node) {
  const LeafNode* const one[] = {&node};
  return add_leaves(one).front();
}

void RatchetTree::update_leaf(LeafIndex i, LeafNode node) {
  blank_direct_path(i);
  set_leaf(i, std::make_shared<const LeafNode>(std::move(node)));
}

void RatchetTree::remove_leaf(LeafIndex i) {
  blank_direct_path(i);
  set_leaf(i, nullptr);
}

void RatchetTree::truncate() {
  while (!leaves_.empty() && leaves_.back() == nullptr)
    leaves_.pop_back();
  set_leaf_count({static_cast<std::uint32_t>(std::bit_ceil(std::max<std::size_t>(1, leaves_.size())))});
}

void RatchetTree::set_leaf_count(LeafCount count) {
  leaf_count_ = count;
  const std::size_t parents = count.value - 1;
  parents_.resize(std::min(parents_.size(), parents));
  hashes_.resize(parents);
  first_blank_ = std::min(first_blank_, count.value);
}

void RatchetTree::set_leaf(LeafIndex i, std::shared_ptr<const LeafNode> node) {
  if (!node) first_blank_ = std::min(first_blank_, i.value);
  if (i.value >= leaves_.size()) leaves_.resize(i.value + std::size_t{1});
  leaves_[i.value] = std::move(node);
  forget_hashes_above(to_node(i));
}

void RatchetTree::set_parent(NodeIndex x, std::shared_ptr<const ParentNode> node) {
  if (x.value / 2 >= parents_.size()) parents_.resize(x.value / 2 + std::size_t{1});
  parents_[x.value / 2] = std::move(node);
  forget_hashes_above(x);
}

void RatchetTree::blank_direct_path(LeafIndex i) {
  for (NodeIndex x : direct_path(i, leaf_count())) {
    if (x.value / 2 < parents_.size()) parents_[x.value / 2] = nullptr;
  }
  forget_hashes_above(to_node(i));
}

void RatchetTree::forget_hashes_above(NodeIndex x) {
  const NodeIndex top = root(leaf_count());
  for (;; x = parent(x)) {
    if (!is_leaf(x)) hashes_[x.value / 2].known = false;
    if (x == top) return;
  }
}

void RatchetTree::collect_resolution(NodeIndex x, std::vector<NodeIndex>& out) const {
  if (!is_blank(x)) {
    out.push_back(x);
    if (is_leaf(x)) return;
    for (LeafIndex leaf : parent_node(x)->unmerged_leaves)
      out.push_back(to_node(leaf));
    return;
  }
  if (is_leaf(x)) return;
  collect_resolution(left(x), out);
  collect_resolution(right(x), out);
}

std::vector<NodeIndex> RatchetTree::resolution(NodeIndex x) const {
  std::vector<NodeIndex> out;
  collect_resolution(x, out);
  return out;
}

bool RatchetTree::is_subtree_blank(NodeIndex x) const {
  // A parent has a key only while some member is below it, so the leaves decide.
  const std::size_t first = std::min<std::size_t>(first_leaf_below(x).value, leaves_.size());
  const std::size_t last = std::min<std::size_t>(first + leaves_below(x), leaves_.size());
  return std::none_of(leaves_.begin() + static_cast<std::ptrdiff_t>(first),
                      leaves_.begin() + static_cast<std::ptrdiff_t>(last),
                      [](const auto& node) { return node != nullptr; });
}

std::vector<PathStep> RatchetTree::filtered_direct_path(LeafIndex i) const {
  std::vector<PathStep> path;
  NodeIndex x = to_node(i);
  while (x != root(leaf_count())) {
    const NodeIndex copath = sibling(x);
    x = parent(x);
    if (!is_subtree_blank(copath)) path.push_back({x, copath});
  }
  return path;
}

}  // namespace sotto::mls
