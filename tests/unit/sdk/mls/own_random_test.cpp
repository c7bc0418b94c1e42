// An application with a random device of its own, which touches nothing but this library: a program by
// itself, because libsodium is readied once for a process.
#include <gtest/gtest.h>
#include <sodium.h>

#include "base/random.hpp"
#include "sotto/mls/identity.hpp"

namespace sotto::mls {
namespace {

TEST(OwnRandom, TheLibraryReadiesLibsodiumItself) {
  SeededRandom random(1);
  const SignatureKeyPair keys = SignatureKeyPair::generate(random);
  constexpr int kReadyAlready = 1;
  EXPECT_EQ(sodium_init(), kReadyAlready);
}

}  // namespace
}  // namespace sotto::mls
