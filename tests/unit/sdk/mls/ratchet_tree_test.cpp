#include "sdk/mls/src/tree/ratchet_tree.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "sdk/mls/src/tree/tree_validation.hpp"
#include "sdk/mls/src/tree/update_path.hpp"

namespace sotto::mls {
namespace {

LeafNode leaf_named(std::uint8_t name) {
  LeafNode leaf;
  leaf.encryption_key = Bytes(32, name);
  leaf.signature_key = Bytes(32, name);
  leaf.credential = Credential::basic(Bytes{name});
  leaf.capabilities = Capabilities::standard();
  return leaf;
}

RatchetTree tree_of(std::uint8_t members) {
  RatchetTree tree;
  for (std::uint8_t i = 0; i < members; ++i)
    tree.add_leaf(leaf_named(static_cast<std::uint8_t>(i + 1)));
  return tree;
}

std::shared_ptr<const ParentNode> parent_with(std::uint8_t key, std::vector<LeafIndex> unmerged = {}) {
  return std::make_shared<const ParentNode>(ParentNode{Bytes(32, key), {}, std::move(unmerged)});
}

/// Hashes without any that were cached.
HashValue hash_afresh(const RatchetTree& tree) {
  return parse<RatchetTree>(encode(tree))->root_hash();
}

TEST(RatchetTree, GrowsByDoublingAndFillsTheLeftmostBlank) {
  RatchetTree tree = tree_of(5);
  EXPECT_EQ(tree.leaf_count().value, 8u);
  tree.remove_leaf({1});
  tree.truncate();
  EXPECT_EQ(tree.add_leaf(leaf_named(9)), LeafIndex{1});
  EXPECT_EQ(tree.add_leaf(leaf_named(10)), LeafIndex{5});
}

TEST(RatchetTree, ShrinksToTheSmallestPowerOfTwo) {
  RatchetTree tree = tree_of(9);
  EXPECT_EQ(tree.leaf_count().value, 16u);
  tree.remove_leaf({8});
  tree.truncate();
  EXPECT_EQ(tree.leaf_count().value, 8u);
  for (std::uint32_t i : {7u, 6u, 5u, 4u, 2u, 3u})
    tree.remove_leaf({i});
  tree.truncate();
  EXPECT_EQ(tree.leaf_count().value, 2u);
}

TEST(RatchetTree, BlankLeavesAtTheEndNeedNotBeThere) {
  RatchetTree tree = tree_of(5);
  EXPECT_EQ(tree.leaf_count().value, 8u);
  EXPECT_EQ(tree.leaf({7}), nullptr);
  EXPECT_EQ(tree.leaf({100}), nullptr);
  EXPECT_TRUE(tree.is_subtree_blank({13}));
  EXPECT_TRUE(tree.is_blank({13}));
  tree.set_parent({13}, parent_with(100));
  EXPECT_FALSE(tree.is_blank({13}));
  EXPECT_EQ(tree.room(), kMaxLeaves - 5);
}

TEST(RatchetTree, CachedHashesFollowEveryChange) {
  RatchetTree tree = tree_of(7);
  const auto check = [&] { EXPECT_EQ(tree.root_hash(), hash_afresh(tree)); };
  check();
  tree.set_parent({3}, parent_with(100));
  check();
  tree.add_leaf(leaf_named(50));
  check();
  tree.update_leaf({2}, leaf_named(51));
  check();
  tree.add_leaf(leaf_named(52));  // grows to 16
  check();
  tree.remove_leaf({8});
  tree.truncate();
  check();
  tree.set_leaf({0}, std::make_shared<const LeafNode>(leaf_named(53)));
  check();
}

TEST(RatchetTree, ACopyIsNotChangedByItsOriginal) {
  RatchetTree tree = tree_of(4);
  const RatchetTree copy = tree;
  const HashValue before = copy.root_hash();
  tree.remove_leaf({2});
  EXPECT_EQ(copy.root_hash(), before);
  EXPECT_NE(tree.root_hash(), before);
  EXPECT_NE(copy.leaf({2}), nullptr);
}

TEST(RatchetTree, AnAddedLeafIsUnmergedAtEveryNodeAboveThatHasAKey) {
  RatchetTree tree = tree_of(3);
  tree.set_parent({3}, parent_with(100));
  tree.set_parent({1}, parent_with(101));
  tree.add_leaf(leaf_named(4));
  EXPECT_EQ(tree.parent_node({3})->unmerged_leaves, (std::vector<LeafIndex>{{3}}));
  EXPECT_TRUE(tree.parent_node({1})->unmerged_leaves.empty());
  EXPECT_EQ(tree.resolution({3}), (std::vector<NodeIndex>{{3}, {6}}));
}

// RFC 9420 §4.1.1, figure 10.
TEST(RatchetTree, ResolutionsAreThoseOfTheStandardsExample) {
  RatchetTree tree = tree_of(8);
  tree.remove_leaf({2});
  tree.remove_leaf({6});
  tree.set_parent({3}, parent_with(100, {{1}}));
  tree.set_parent({9}, parent_with(101));
  EXPECT_EQ(tree.resolution({3}), (std::vector<NodeIndex>{{3}, {2}}));
  EXPECT_TRUE(tree.resolution({4}).empty());
  EXPECT_EQ(tree.resolution({7}), (std::vector<NodeIndex>{{3}, {2}, {9}, {14}}));
}

// RFC 9420 §4.1.2, figure 11 and table 2.
TEST(RatchetTree, FilteredDirectPathsAreThoseOfTheStandardsExample) {
  RatchetTree tree = tree_of(8);
  for (std::uint32_t i : {2u, 3u, 7u})
    tree.remove_leaf({i});
  const auto nodes = [&](std::uint32_t leaf) {
    std::vector<std::uint32_t> out;
    for (const PathStep& step : tree.filtered_direct_path({leaf}))
      out.push_back(step.node.value);
    return out;
  };
  EXPECT_EQ(nodes(0), (std::vector<std::uint32_t>{1, 7}));
  EXPECT_EQ(nodes(4), (std::vector<std::uint32_t>{9, 11, 7}));
  EXPECT_EQ(nodes(6), (std::vector<std::uint32_t>{11, 7}));
}

// RFC 9420 §7.9, figure 21: the sibling's hash does not see the leaf that was added since.
TEST(RatchetTree, AnOriginalTreeHashForgetsLaterLeaves) {
  RatchetTree tree = tree_of(8);
  tree.remove_leaf({7});
  tree.remove_leaf({5});
  tree.set_parent({11}, parent_with(100));
  const HashValue before = tree.tree_hash({11});
  tree.set_parent({7}, parent_with(101));
  EXPECT_EQ(tree.add_leaf(leaf_named(60)), LeafIndex{5});
  EXPECT_NE(tree.tree_hash({11}), before);
  EXPECT_EQ(tree.original_tree_hash({11}, tree.parent_node({7})->unmerged_leaves), before);
}

std::optional<ErrorCode> unmerged_error(const RatchetTree& tree) {
  auto ok = check_unmerged_leaves(tree);
  if (ok) return std::nullopt;
  return ok.error().code;
}

TEST(TreeValidation, UnmergedLeavesMustRiseBeMembersBelowAndBeListedInBetween) {
  RatchetTree tree = tree_of(8);
  tree.set_parent({3}, parent_with(100, {{1}, {2}}));
  EXPECT_EQ(unmerged_error(tree), std::nullopt);
  tree.set_parent({3}, parent_with(100, {{2}, {1}}));
  EXPECT_EQ(unmerged_error(tree), ErrorCode::unmerged_leaf_invalid);
  tree.set_parent({3}, parent_with(100, {{1}, {1}}));
  EXPECT_EQ(unmerged_error(tree), ErrorCode::unmerged_leaf_invalid);
  tree.set_parent({3}, parent_with(100, {{4}}));
  EXPECT_EQ(unmerged_error(tree), ErrorCode::unmerged_leaf_invalid);
  tree.set_parent({3}, parent_with(100, {{0xFFFFFFFF}}));
  EXPECT_EQ(unmerged_error(tree), ErrorCode::unmerged_leaf_invalid);
  tree.set_parent({3}, parent_with(100, {{1}}));
  tree.set_parent({1}, parent_with(101));
  EXPECT_EQ(unmerged_error(tree), ErrorCode::unmerged_leaf_invalid);
  tree.set_parent({1}, parent_with(101, {{1}}));
  EXPECT_EQ(unmerged_error(tree), std::nullopt);
  tree.set_leaf({1}, nullptr);
  EXPECT_EQ(unmerged_error(tree), ErrorCode::unmerged_leaf_invalid);
}

TEST(TreeValidation, AParentsKeyIsNoOtherParents) {
  const Suite& suite = *find_suite(kDefaultSuite);
  RatchetTree tree = tree_of(4);
  tree.set_parent({1}, parent_with(100));
  tree.set_parent({5}, parent_with(101));
  EXPECT_TRUE(check_parent_keys(suite, tree));
  tree.set_parent({5}, parent_with(100));
  EXPECT_EQ(check_parent_keys(suite, tree).error().code, ErrorCode::tree_key_not_unique);
  tree.set_parent({5}, std::make_shared<const ParentNode>(ParentNode{Bytes(31, 9), {}, {}}));
  EXPECT_EQ(check_parent_keys(suite, tree).error().code, ErrorCode::key_invalid);
}

struct Paths : testing::Test {
  const Suite& suite = *find_suite(kDefaultSuite);
  SeededRandom random{3};
  const SignatureKeyPair signer = SignatureKeyPair::generate(random);
  const HpkeInfo info = label_info(suite, "UpdatePathNode", as_bytes("context"));
  RatchetTree tree;
  std::vector<PrivateKeys> keys;

  void add_members(std::uint8_t n) {
    for (std::uint8_t i = 0; i < n; ++i) {
      HpkeKeyPair pair = generate_hpke_key_pair(suite, random);
      LeafNode leaf = leaf_named(static_cast<std::uint8_t>(keys.size() + 1));
      leaf.encryption_key = pair.public_key;
      keys.emplace_back(tree.add_leaf(std::move(leaf)), std::move(pair));
    }
  }
  UpdatePath commit(std::size_t who) {
    const LeafIndex self = keys[who].self();
    RatchetTree next = tree;
    const RenewedPath path =
        renew_path(suite, next, keys[who], *tree.leaf(self), signer, as_bytes("g"), random);
    const UpdatePath sealed = *seal_path(suite, next, path, self, {}, info, random);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i == who) continue;
      RatchetTree merged = tree;
      EXPECT_TRUE(merge_path(suite, merged, self, sealed, {}));
      const auto secret = open_path(suite, merged, keys[i], self, sealed, {}, info);
      EXPECT_TRUE(secret && *secret == path.commit_secret) << i << " from " << who;
      keys[i].prune(merged);
    }
    tree = next;
    keys[who].prune(tree);
    return sealed;
  }
};

TEST_F(Paths, EverybodyComesToTheSameSecretWithUnmergedLeavesInBothHalves) {
  add_members(5);
  commit(0);
  commit(4);
  add_members(4);  // unmerged at nodes of both halves
  for (std::size_t who : {8u, 0u, 5u, 3u, 7u})
    commit(who);
  EXPECT_TRUE(check_unmerged_leaves(tree));
  EXPECT_TRUE(check_parent_hashes(tree));
  for (const PrivateKeys& k : keys)
    EXPECT_TRUE(k.consistent_with(tree));
}

TEST_F(Paths, AChangedParentIsNotChainedToItsLeaf) {
  add_members(4);
  commit(0);
  commit(3);
  ASSERT_TRUE(check_parent_hashes(tree));
  RatchetTree bad = tree;
  ParentNode node = *tree.parent_node({3});
  node.encryption_key[0] ^= 1;
  bad.set_parent({3}, std::make_shared<const ParentNode>(node));
  EXPECT_EQ(check_parent_hashes(bad).error().code, ErrorCode::tree_parent_hash_invalid);
}

// RFC 9420 §7.9.2: the resolution of the child, without the node of the path, is what the parent lists there.
TEST_F(Paths, ALeafThatItsParentDoesNotListBreaksTheChain) {
  add_members(6);
  commit(0);
  commit(5);
  add_members(1);  // leaf 6: unmerged at the root, and nodes 11 and 13 on the way to it are blank
  ASSERT_EQ(tree.parent_node({7})->unmerged_leaves, std::vector<LeafIndex>{{6}});
  ASSERT_TRUE(check_parent_hashes(tree));
  ParentNode forgetful = *tree.parent_node({7});
  forgetful.unmerged_leaves.clear();
  tree.set_parent({7}, std::make_shared<const ParentNode>(forgetful));
  EXPECT_TRUE(check_unmerged_leaves(tree));
  EXPECT_EQ(check_parent_hashes(tree).error().code, ErrorCode::tree_parent_hash_invalid);
}

TEST_F(Paths, APathOfWrongShapeIsRefused) {
  add_members(4);
  UpdatePath path = commit(0);
  RatchetTree merged = tree;
  UpdatePath bad = path;
  bad.nodes.pop_back();
  EXPECT_EQ(merge_path(suite, merged, {0}, bad, {}).error().code, ErrorCode::path_length_invalid);
  bad = path;
  bad.nodes[1].encrypted_path_secret.clear();
  EXPECT_EQ(merge_path(suite, merged, {0}, bad, {}).error().code, ErrorCode::path_ciphertext_count_invalid);
  bad = path;
  bad.nodes[0].encryption_key = tree.leaf({1})->encryption_key;
  EXPECT_EQ(merge_path(suite, merged, {0}, bad, {}).error().code, ErrorCode::path_key_not_unique);
  bad = path;
  for (UpdatePathNode& node : bad.nodes)
    node.encryption_key[5] ^= 1;
  bad.leaf_node.encryption_key[5] ^= 1;
  EXPECT_EQ(merge_path(suite, merged, {0}, bad, {}).error().code, ErrorCode::path_parent_hash_invalid);
}

}  // namespace
}  // namespace sotto::mls
