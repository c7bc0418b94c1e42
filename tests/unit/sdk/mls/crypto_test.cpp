#include <gtest/gtest.h>
#include <sodium.h>

#include "base/random.hpp"
#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/crypto/hpke.hpp"
#include "sdk/mls/src/crypto/signature.hpp"
#include "sotto/mls/group.hpp"

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

// libsodium declares that the key is somewhere, even one of no bytes: UBSan sees it if this one is not.
TEST(Hmac, AnEmptyKeyIsAKey) {
  const HashValue expected = hmac(Bytes{}, {});
  EXPECT_EQ(to_hex(expected), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  EXPECT_EQ(hmac(ByteView{}, ByteView{}), expected);
  EXPECT_EQ(hmac(Bytes(32, 0), {}), expected) << "HMAC fills keys up with zeros";
}

TEST(X25519, KeysOfSmallOrderAreNoKeys) {
  const Suite& suite = *find_suite(kDefaultSuite);
  // 0, 1, the two of order 8, p - 1, p, p + 1; and each with the bit that X25519 ignores
  for (const char* hex : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                          "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    for (const unsigned ignored : {0x00u, 0x80u}) {
      Bytes key = *from_hex(hex);
      key[31] = static_cast<std::uint8_t>(key[31] | ignored);
      std::uint8_t shared[crypto_scalarmult_BYTES];
      const std::uint8_t secret[crypto_scalarmult_SCALARBYTES] = {9};
      EXPECT_NE(crypto_scalarmult(shared, secret, key.data()), 0) << "libsodium refuses to use it";
      EXPECT_FALSE(is_hpke_public_key(suite, key)) << hex;
    }
  }
  SeededRandom random(3);
  EXPECT_TRUE(is_hpke_public_key(suite, generate_hpke_key_pair(suite, random).public_key));
}

TEST(Suites, OnlyThoseOfTheTableAreSupported) {
  EXPECT_TRUE(is_supported(CipherSuite{1}));
  EXPECT_TRUE(is_supported(CipherSuite{3}));
  EXPECT_FALSE(is_supported(CipherSuite{2}));
  EXPECT_FALSE(is_supported(CipherSuite{0x0A0A}));
  SeededRandom random(4);
  const AcceptEveryCredential policy;
  const Environment env{random, [] { return from_unix_ms(0); }, policy};
  const Identity me{Credential::basic({}), SignatureKeyPair::generate(random)};
  GroupParams params;
  params.cipher_suite = CipherSuite{2};
  EXPECT_EQ(Group::create(params, me.clone(), env).error().code, ErrorCode::cipher_suite_unsupported);
  EXPECT_EQ(make_key_package(CipherSuite{2}, me, {}, {}, env).error().code,
            ErrorCode::cipher_suite_unsupported);
  EXPECT_EQ(make_external_proposal(CipherSuite{2}, {}, {}, 0, me.keys, Proposal::remove({0})).error().code,
            ErrorCode::cipher_suite_unsupported);
}

}  // namespace
}  // namespace sotto::mls
