#include "sdk/mls/src/tree/tree_math.hpp"

#include <gtest/gtest.h>

namespace sotto::mls {
namespace {

// The eight-leaf tree of RFC 9420 Appendix C.

TEST(TreeMath, TheRootIsInTheMiddle) {
  EXPECT_EQ(root({1}).value, 0u);
  EXPECT_EQ(root({8}).value, 7u);
}

TEST(TreeMath, ChildrenAndParentsBelongTogether) {
  for (NodeIndex x{1}; x.value < 15; x.value += 2) {
    EXPECT_EQ(parent(left(x)), x);
    EXPECT_EQ(parent(right(x)), x);
    EXPECT_EQ(sibling(left(x)), right(x));
    EXPECT_EQ(sibling(right(x)), left(x));
  }
}

TEST(TreeMath, ADirectPathGoesFromTheParentToTheRoot) {
  EXPECT_EQ(direct_path({0}, {8}), (std::vector<NodeIndex>{{1}, {3}, {7}}));
  EXPECT_EQ(direct_path({5}, {8}), (std::vector<NodeIndex>{{9}, {11}, {7}}));
  EXPECT_TRUE(direct_path({0}, {1}).empty());
}

TEST(TreeMath, TheCommonAncestorIsTheLowestNodeOnBothPaths) {
  for (std::uint32_t a = 0; a < 16; ++a) {
    for (std::uint32_t b = 0; b < 16; ++b) {
      if (a == b) continue;
      NodeIndex lowest{0};
      for (NodeIndex x : direct_path({a}, {16})) {
        lowest = x;
        if (covers(x, {b})) break;
      }
      EXPECT_EQ(common_ancestor({a}, {b}), lowest) << a << " and " << b;
    }
  }
}

TEST(TreeMath, ANodeCoversTheLeavesBelowIt) {
  EXPECT_EQ(first_leaf_below({11}), LeafIndex{4});
  EXPECT_EQ(leaves_below({11}), 4u);
  EXPECT_TRUE(covers({11}, {4}));
  EXPECT_TRUE(covers({11}, {7}));
  EXPECT_FALSE(covers({11}, {3}));
  EXPECT_FALSE(covers({11}, {8}));
  EXPECT_TRUE(covers({8}, {4}));
  EXPECT_FALSE(covers({8}, {5}));
}

}  // namespace
}  // namespace sotto::mls
