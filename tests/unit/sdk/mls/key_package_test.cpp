#include "sotto/mls/key_package.hpp"

#include <gtest/gtest.h>

#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/tree/leaf_node_codec.hpp"
#include "tests/unit/sdk/mls/test_client.hpp"

namespace sotto::mls {
namespace {

struct KeyPackages : testing::Test {
  TestWorld world;
  TestClient alice{world, "alice"};

  std::optional<ErrorCode> refusal(const KeyPackage& package) {
    auto ok = validate_key_package(package, world.env);
    if (ok) return std::nullopt;
    return ok.error().code;
  }
  KeyPackage signed_again(KeyPackage package) {
    sign_leaf(package.leaf_node, alice.identity.keys, {});
    sign_key_package(package, alice.identity.keys);
    return package;
  }
};

TEST_F(KeyPackages, AFreshOneIsValidAndSurvivesItsMessage) {
  const KeyPackageBundle bundle = alice.package();
  EXPECT_EQ(refusal(bundle.key_package), std::nullopt);
  const auto parsed = KeyPackage::from_message(bundle.message);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, bundle.key_package);
  EXPECT_EQ(parsed->reference(), bundle.reference);
}

TEST_F(KeyPackages, AMessageThatHoldsAPackageOfAnotherVersionIsRefused) {
  KeyPackage package = alice.package().key_package;
  package.version = ProtocolVersion{2};
  sign_key_package(package, alice.identity.keys);
  EXPECT_EQ(KeyPackage::from_message(package.to_message()).error().code,
            ErrorCode::key_package_version_mismatch);
}

TEST_F(KeyPackages, GreaseIsSprinkledAndIgnored) {
  KeyPackageOptions options;
  options.grease = true;
  const KeyPackage package = alice.package(options).key_package;
  EXPECT_EQ(refusal(package), std::nullopt);
  ASSERT_EQ(package.extensions.size(), 1u);
  EXPECT_TRUE(is_grease(static_cast<std::uint16_t>(package.extensions[0].type)));
  EXPECT_TRUE(is_grease(static_cast<std::uint16_t>(package.leaf_node.capabilities.credentials.back())));
}

TEST_F(KeyPackages, AChangedFieldBreaksASignature) {
  KeyPackage package = alice.package().key_package;
  package.extensions.push_back({ExtensionType{0xF123}, {}});
  EXPECT_EQ(refusal(package), ErrorCode::key_package_signature_invalid);
  package = alice.package().key_package;
  package.leaf_node.lifetime.not_after += 1;
  sign_key_package(package, alice.identity.keys);
  EXPECT_EQ(refusal(package), ErrorCode::leaf_signature_invalid);
}

TEST_F(KeyPackages, ASuiteThatIsNotKnownIsAnError) {
  KeyPackage package = alice.package().key_package;
  package.cipher_suite = CipherSuite{0x7777};
  EXPECT_EQ(refusal(package), ErrorCode::cipher_suite_unsupported);
  const Bytes key(32, 1);
  EXPECT_EQ(KeyPackageBundle::from_parts(package.to_message(), key, key).error().code,
            ErrorCode::cipher_suite_unsupported);
}

TEST_F(KeyPackages, LifetimesAreChecked) {
  const KeyPackage package = alice.package().key_package;
  world.now = kTestNow + std::chrono::hours(1001);
  EXPECT_EQ(refusal(package), ErrorCode::leaf_lifetime_not_current);
  world.env.lifetimes.check_received = false;
  EXPECT_EQ(refusal(package), std::nullopt);
  world.env.lifetimes.max_seconds = 3600;
  EXPECT_EQ(refusal(package), ErrorCode::leaf_lifetime_too_long);
}

TEST_F(KeyPackages, TheInitKeyIsNotTheLeafsKey) {
  KeyPackage package = alice.package().key_package;
  package.init_key = package.leaf_node.encryption_key;
  EXPECT_EQ(refusal(signed_again(package)), ErrorCode::key_package_init_key_reused);
}

TEST_F(KeyPackages, ABundleIsSavedAndLoaded) {
  KeyPackageOptions options;
  options.last_resort = true;
  const KeyPackageBundle bundle = alice.package(options);
  const SecretBytes saved = bundle.save();
  const auto loaded = KeyPackageBundle::load(saved.view());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->key_package, bundle.key_package);
  EXPECT_TRUE(loaded->init_private_key == bundle.init_private_key);
  EXPECT_TRUE(loaded->last_resort);
  for (std::size_t n = 0; n < saved.size(); ++n)
    EXPECT_EQ(KeyPackageBundle::load(saved.view().first(n)).error().code, ErrorCode::state_malformed) << n;
}

TEST_F(KeyPackages, ABundleOfALaterFormatSaysSo) {
  const SecretBytes saved = alice.package().save();
  Bytes later(saved.view().begin(), saved.view().end());
  ++later[0];
  EXPECT_EQ(KeyPackageBundle::load(later).error().code, ErrorCode::state_version_unsupported);
}

TEST_F(KeyPackages, KeysOfAnotherPackageAreRefused) {
  const KeyPackageBundle one = alice.package();
  const KeyPackageBundle two = alice.package();
  const auto mixed = KeyPackageBundle::from_parts(one.message, two.init_private_key.view(),
                                                  one.encryption_private_key.view());
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().code, ErrorCode::key_invalid);
}

}  // namespace
}  // namespace sotto::mls
