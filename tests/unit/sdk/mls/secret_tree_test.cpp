#include "sdk/mls/src/schedule/secret_tree.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace sotto::mls {
namespace {

constexpr LeafIndex kSender{2};
constexpr auto kApplication = RatchetType::application;

SecretTree make_tree() {
  return {*find_suite(kDefaultSuite), {8}, SecretBytes(Bytes(kHashSize, 1))};
}

struct TwoSides {
  SecretTree sender = make_tree();
  SecretTree receiver = make_tree();
  RatchetLimits limits{10, 5};

  MessageKey send() { return *sender.next(kSender, kApplication); }
  Result<PreparedKey> look(std::uint32_t generation) {
    return receiver.key_for(kSender, kApplication, generation, limits);
  }
  std::optional<ErrorCode> receive(const MessageKey& sent) {
    auto key = look(sent.generation);
    if (!key) return key.error().code;
    EXPECT_TRUE(key->key.key == sent.key && key->key.nonce == sent.nonce);
    receiver.consume(std::move(*key), limits);
    return std::nullopt;
  }
};

TEST(SecretTree, SenderAndReceiverDeriveTheSameKeys) {
  TwoSides t;
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(t.receive(t.send()), std::nullopt);
}

TEST(SecretTree, AKeyIsGoneOnceItHasBeenUsed) {
  TwoSides t;
  const MessageKey first = t.send();
  EXPECT_EQ(t.receive(first), std::nullopt);
  EXPECT_EQ(t.receive(first), ErrorCode::generation_unavailable);
}

TEST(SecretTree, LookingAtAKeyDoesNotUseItUp) {
  TwoSides t;
  const MessageKey first = t.send();
  EXPECT_TRUE(t.look(0));
  EXPECT_TRUE(t.look(0));
  EXPECT_TRUE(t.look(7));
  EXPECT_EQ(t.receive(first), std::nullopt);
}

TEST(SecretTree, LookingDoesNotChangeTheTree) {
  TwoSides t;
  EXPECT_TRUE(t.look(3));
  EXPECT_EQ(t.receiver.nodes().size(), 1u);
  EXPECT_TRUE(t.receiver.ratchets().empty());
}

TEST(SecretTree, ReorderedMessagesOpenWithinTheWindow) {
  TwoSides t;
  std::vector<MessageKey> sent;
  for (int i = 0; i < 5; ++i)
    sent.push_back(t.send());
  for (int i : {4, 1, 3, 0, 2})
    EXPECT_EQ(t.receive(sent[static_cast<std::size_t>(i)]), std::nullopt) << i;
  EXPECT_EQ(t.receive(sent[3]), ErrorCode::generation_unavailable);
}

TEST(SecretTree, AJumpBeyondTheLimitIsRefusedAndHarmless) {
  TwoSides t;
  EXPECT_EQ(t.look(11).error().code, ErrorCode::generation_too_far);
  EXPECT_EQ(t.look(0xFFFFFFFF).error().code, ErrorCode::generation_too_far);
  EXPECT_TRUE(t.look(10));
  EXPECT_EQ(t.receive(t.send()), std::nullopt);
}

TEST(SecretTree, ARatchetEndsBeforeItsNumbersDo) {
  std::map<std::pair<LeafIndex, RatchetType>, Ratchet> ratchets;
  ratchets[{kSender, kApplication}] = {SecretBytes(Bytes(kHashSize, 1)), 0xFFFFFFFE, {}};
  SecretTree tree = SecretTree::from_parts(*find_suite(kDefaultSuite), {8}, {}, std::move(ratchets));
  EXPECT_EQ(tree.key_for(kSender, kApplication, 0xFFFFFFFF, {}).error().code, ErrorCode::generation_too_far);
  ASSERT_TRUE(tree.key_for(kSender, kApplication, 0xFFFFFFFE, {}));
  EXPECT_EQ(tree.next(kSender, kApplication)->generation, 0xFFFFFFFE);
  EXPECT_EQ(tree.next(kSender, kApplication).error().code, ErrorCode::generation_unavailable);
  EXPECT_EQ(tree.key_for(kSender, kApplication, 0xFFFFFFFF, {}).error().code, ErrorCode::generation_too_far);
}

TEST(SecretTree, TheOldestSkippedKeysGoFirst) {
  TwoSides t;
  std::vector<MessageKey> sent;
  for (int i = 0; i < 9; ++i)
    sent.push_back(t.send());
  EXPECT_EQ(t.receive(sent[8]), std::nullopt);  // eight skipped, five kept
  EXPECT_EQ(t.receive(sent[2]), ErrorCode::generation_unavailable);
  EXPECT_EQ(t.receive(sent[3]), std::nullopt);
  EXPECT_EQ(t.receiver.ratchet(kSender, kApplication)->skipped.size(), 4u);
}

TEST(SecretTree, SecretsOnTheWayToASpeakerAreGone) {
  SecretTree tree = make_tree();
  ASSERT_TRUE(tree.next(kSender, kApplication));
  // Leaf 2 of 8 is node 4: of its path 7, 3, 5, 4 nothing is left, but of the siblings 11, 1, 6.
  std::vector<std::uint32_t> left;
  for (const auto& [x, secret] : tree.nodes())
    left.push_back(x.value);
  EXPECT_EQ(left, (std::vector<std::uint32_t>{1, 6, 11}));
}

TEST(SecretTree, ALeafOutsideOfTheTreeHasNoKeys) {
  SecretTree tree = make_tree();
  EXPECT_EQ(tree.next({8}, kApplication).error().code, ErrorCode::generation_unavailable);
  EXPECT_EQ(tree.key_for({9}, kApplication, 0, {}).error().code, ErrorCode::generation_unavailable);
}

TEST(SecretTree, ThePastKeepsNoHandshakeRatchets) {
  SecretTree tree = make_tree();
  ASSERT_TRUE(tree.next(kSender, RatchetType::handshake));
  tree.drop_handshake_ratchets();
  EXPECT_EQ(tree.next(kSender, RatchetType::handshake).error().code, ErrorCode::generation_unavailable);
  EXPECT_EQ(tree.next({5}, RatchetType::handshake).error().code, ErrorCode::generation_unavailable);
  EXPECT_TRUE(tree.next({5}, kApplication));
  EXPECT_EQ(tree.ratchet({5}, RatchetType::handshake), nullptr);
}

TEST(SecretTree, ChangesNameWhatASendingTouched) {
  SecretTree tree = make_tree();
  ASSERT_TRUE(tree.next(kSender, kApplication));
  const SecretTreeChanges first = tree.take_changes();
  EXPECT_EQ(first.nodes.size(), 4u);  // the root is gone, three siblings of the way down are kept
  EXPECT_GE(first.ratchets.size(), 2u);
  ASSERT_TRUE(tree.next(kSender, kApplication));
  const SecretTreeChanges second = tree.take_changes();
  EXPECT_TRUE(second.nodes.empty());
  EXPECT_EQ(second.ratchets.size(), 1u);
}

}  // namespace
}  // namespace sotto::mls
