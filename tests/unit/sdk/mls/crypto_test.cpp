#include <gtest/gtest.h>

#include "sdk/base/random.hpp"
#include "sdk/mls/src/hash.hpp"
#include "sdk/mls/src/hpke.hpp"
#include "sdk/mls/src/signature.hpp"

namespace sotto::mls {
namespace {

class EverySuite : public testing::TestWithParam<CipherSuite> {
 protected:
  const Suite& suite = *find_suite(GetParam());
  SeededRandom random{1};
};
INSTANTIATE_TEST_SUITE_P(Suite, EverySuite,
                         testing::Values(CipherSuite::x25519_aes128gcm_sha256_ed25519,
                                         CipherSuite::x25519_chacha20poly1305_sha256_ed25519));

TEST_P(EverySuite, AnAeadRefusesEveryChangedByte) {
  const Bytes key(suite.aead->key_size, 1);
  const Bytes nonce(suite.aead->nonce_size, 2);
  const Bytes aad{1, 2, 3};
  const Bytes sealed = aead_seal(suite, key, nonce, aad, as_bytes("text"));
  const auto opened = aead_open(suite, key, nonce, aad, sealed);
  ASSERT_TRUE(opened);
  EXPECT_EQ(as_text(opened->view()), "text");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes bad = sealed;
    bad[i] ^= 1;
    EXPECT_FALSE(aead_open(suite, key, nonce, aad, bad)) << i;
  }
  EXPECT_FALSE(aead_open(suite, key, nonce, {}, sealed));
  EXPECT_FALSE(aead_open(suite, key, nonce, aad, ByteView(sealed).first(suite.aead->tag_size - 1)));
}

TEST_P(EverySuite, AnEmptyPlaintextAndAadWork) {
  const Bytes key(suite.aead->key_size, 1);
  const Bytes nonce(suite.aead->nonce_size, 2);
  const Bytes sealed = aead_seal(suite, key, nonce, {}, {});
  EXPECT_EQ(sealed.size(), suite.aead->tag_size);
  const auto opened = aead_open(suite, key, nonce, {}, sealed);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->empty());
}

TEST_P(EverySuite, HpkeOpensWithTheRightKeyAndInfoOnly) {
  const HpkeKeyPair keys = generate_hpke_key_pair(suite, random);
  const HpkeKeyPair others = generate_hpke_key_pair(suite, random);
  const HpkeInfo info = label_info(suite, "Welcome", as_bytes("context"));
  const auto sealed = hpke_seal(suite, keys.public_key, info, as_bytes("secret"), random);
  ASSERT_TRUE(sealed);
  const auto opened = hpke_open(suite, keys, info, *sealed);
  ASSERT_TRUE(opened);
  EXPECT_EQ(as_text(opened->view()), "secret");
  EXPECT_EQ(hpke_open(suite, others, info, *sealed).error().code, ErrorCode::decryption_failed);
  const HpkeInfo other_label = label_info(suite, "UpdatePathNode", as_bytes("context"));
  EXPECT_EQ(hpke_open(suite, keys, other_label, *sealed).error().code, ErrorCode::decryption_failed);
}

TEST_P(EverySuite, HpkeRefusesPublicKeysThatAreNoPoints) {
  const HpkeInfo info = label_info(suite, "Welcome", {});
  EXPECT_EQ(hpke_seal(suite, Bytes(31, 9), info, {}, random).error().code, ErrorCode::key_invalid);
  EXPECT_EQ(hpke_seal(suite, Bytes(32, 0), info, {}, random).error().code, ErrorCode::key_invalid);
  const HpkeKeyPair keys = generate_hpke_key_pair(suite, random);
  EXPECT_EQ(hpke_open(suite, keys, info, {Bytes(32, 0), Bytes(40, 1)}).error().code, ErrorCode::key_invalid);
}

TEST_P(EverySuite, BothSidesOfAnHpkeExportAgree) {
  const HpkeKeyPair keys = generate_hpke_key_pair(suite, random);
  const auto sent = hpke_send_export(suite, keys.public_key, "label", random);
  ASSERT_TRUE(sent);
  const auto received = hpke_receive_export(suite, keys, sent->kem_output, "label");
  ASSERT_TRUE(received);
  EXPECT_TRUE(*received == sent->secret);
  EXPECT_FALSE(*hpke_receive_export(suite, keys, sent->kem_output, "another") == sent->secret);
}

TEST(Signature, ALabelSeparatesUses) {
  SeededRandom random(2);
  const SignatureKeyPair keys = SignatureKeyPair::generate(random);
  const Bytes signature = sign_with_label(keys, "LeafNodeTBS", as_bytes("x"));
  EXPECT_TRUE(verify_with_label(keys.public_key(), "LeafNodeTBS", as_bytes("x"), signature));
  EXPECT_FALSE(verify_with_label(keys.public_key(), "KeyPackageTBS", as_bytes("x"), signature));
}

TEST(Signature, KeysAndSignaturesOfWrongLengthDoNotVerify) {
  SeededRandom random(2);
  const SignatureKeyPair keys = SignatureKeyPair::generate(random);
  const Bytes signature = sign_with_label(keys, "l", {});
  EXPECT_FALSE(verify_with_label(ByteView(keys.public_key()).first(31), "l", {}, signature));
  EXPECT_FALSE(verify_with_label(keys.public_key(), "l", {}, ByteView(signature).first(63)));
  EXPECT_FALSE(verify_with_label(keys.public_key(), "l", {}, {}));
}

TEST(Hkdf, LongOutputsContinueShortOnes) {
  const Bytes secret(32, 5);
  const SecretBytes one = hkdf_expand(secret, as_bytes("info"), 32);
  const SecretBytes two = hkdf_expand(secret, as_bytes("info"), 70);
  EXPECT_EQ(as_text(two.view().first(32)), as_text(one.view()));
  EXPECT_NE(as_text(two.view().subspan(32, 32)), as_text(one.view()));
}

// RFC 5869, test case 1.
TEST(Hkdf, MatchesItsStandard) {
  const SecretBytes prk = hkdf_extract(*from_hex("000102030405060708090a0b0c"), Bytes(22, 0x0b));
  EXPECT_EQ(to_hex(prk.view()), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  const SecretBytes okm = hkdf_expand(prk.view(), *from_hex("f0f1f2f3f4f5f6f7f8f9"), 42);
  EXPECT_EQ(to_hex(okm.view()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

TEST(Suites, OnlyThoseOfTheTableAreSupported) {
  EXPECT_TRUE(is_supported(CipherSuite{1}));
  EXPECT_TRUE(is_supported(CipherSuite{3}));
  EXPECT_FALSE(is_supported(CipherSuite{2}));
  EXPECT_FALSE(is_supported(CipherSuite{0x0A0A}));
}

}  // namespace
}  // namespace sotto::mls
