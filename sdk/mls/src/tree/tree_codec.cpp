#include "sdk/mls/src/tree/tree_codec.hpp"

namespace sotto::mls {

namespace {
constexpr std::uint8_t kLeafType = 1;
constexpr std::uint8_t kParentType = 2;
}  // namespace

void write(Writer& w, const RatchetTree& tree) {
  std::uint32_t count = node_count(tree.leaf_count());
  while (count > 0 && tree.is_blank({count - 1}))
    --count;
  w.vector([&] {
    for (NodeIndex x{0}; x.value < count; ++x.value) {
      w.u8(tree.is_blank(x) ? 0 : 1);
      if (tree.is_blank(x)) continue;
      w.u8(is_leaf(x) ? kLeafType : kParentType);
      if (is_leaf(x)) {
        write(w, *tree.leaf(to_leaf(x)));
      } else {
        write(w, *tree.parent_node(x));
      }
    }
  });
}

void read(Reader& r, RatchetTree& tree) {
  std::vector<std::shared_ptr<const LeafNode>> leaves;
  std::vector<std::shared_ptr<const ParentNode>> parents;
  std::uint32_t count = 0;
  bool last_blank = true;
  r.vector([&] {
    const bool leaf_place = count % 2 == 0;
    if (count == node_count({kMaxLeaves})) {
      r.fail(ErrorCode::value_too_large, "a tree of more nodes than any group has");
      return;
    }
    ++count;
    last_blank = !r.present();
    if (leaf_place) {
      leaves.emplace_back();
    } else {
      parents.emplace_back();
    }
    if (last_blank || !r.ok()) return;
    const std::uint8_t type = r.u8();
    if (type != (leaf_place ? kLeafType : kParentType)) {
      r.fail(ErrorCode::tree_malformed, "a node of the wrong kind");
      return;
    }
    if (leaf_place) {
      auto node = std::make_shared<LeafNode>();
      read(r, *node);
      leaves.back() = std::move(node);
    } else {
      auto node = std::make_shared<ParentNode>();
      read(r, *node);
      parents.back() = std::move(node);
    }
  });
  if (r.ok() && (count == 0 || last_blank)) r.fail(ErrorCode::tree_ends_blank, "the last node is blank");
  if (r.ok() && count % 2 == 0) r.fail(ErrorCode::tree_malformed, "the last node is no leaf");
  if (!r.ok()) return;
  tree = RatchetTree(std::move(leaves), std::move(parents));
}

}  // namespace sotto::mls
