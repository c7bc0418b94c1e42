#include "base/secret.hpp"

#include <cstring>
#include <new>
#include <utility>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace sotto {
namespace {

TEST(SecretBytes, MovingLeavesTheSourceEmpty) {
  SecretBytes a(as_bytes("key"));
  SecretBytes b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(as_text(b.view()), "key");
}

TEST(SecretBytes, EqualityIsOfContents) {
  EXPECT_TRUE(SecretBytes(as_bytes("key")) == SecretBytes(as_bytes("key")));
  EXPECT_FALSE(SecretBytes(as_bytes("key")) == SecretBytes(as_bytes("kez")));
  EXPECT_FALSE(SecretBytes(as_bytes("key")) == SecretBytes(as_bytes("ke")));
}

TEST(SecretBytes, WipeOverwritesInPlace) {
  Bytes secret = to_bytes(as_bytes("very secret"));
  wipe(secret);
  EXPECT_EQ(secret, Bytes(secret.size(), 0));
}

TEST(Random, ASeedRepeatsAndAnotherDiffers) {
  SeededRandom a(7), b(7), c(8);
  EXPECT_EQ(a.next_u64(), b.next_u64());
  EXPECT_NE(a.next_u64(), c.next_u64());
}

TEST(Random, NoBytesNeedNoPlace) {
  SeededRandom random(1);
  random.fill({});  // under UBSan: a null pointer must not reach libsodium
}

TEST(Random, BelowStaysBelow) {
  SeededRandom random(1);
  for (int i = 0; i < 1000; ++i)
    EXPECT_LT(random.below(7), 7u);
}

}  // namespace
}  // namespace sotto
