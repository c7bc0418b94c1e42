// One rule at a time, RFC 9420 §7.3 and §10.1: docs/validation.md lists them.
#include "sdk/mls/src/leaf_node_codec.hpp"
#include "tests/unit/sdk/mls/hostile_member.hpp"

namespace sotto::mls {
namespace {

constexpr auto kPrivateCredential = CredentialType{0xF001};
constexpr auto kPrivateExtension = ExtensionType{0xF002};

/// Answers as a test tells it to.
struct TestPolicy final : Policy {
  bool accept = true;
  bool everybody_differs = false;
  [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck&) const override {
    return accept ? std::nullopt : std::optional<std::string>("no");
  }
  [[nodiscard]] bool same_client(const LeafNode& a, const LeafNode& b) const override {
    return !everybody_differs && Policy::same_client(a, b);
  }
};

struct LeafRules : testing::Test {
  TestWorld world;
  TestPolicy policy;
  std::vector<TestClient> clients = clients_named(world, {"alice", "bob", "carol"});
  std::vector<Group> groups = group_of(world, clients);
  TestClient dave{world, "dave"};

  /// What Bob says to Alice's commit of an Add of Dave, whose package was changed and signed again.
  std::string add(const std::function<void(KeyPackage&)>& change, bool sign_the_leaf = true) {
    KeyPackage package = dave.package().key_package;
    change(package);
    if (sign_the_leaf) sign_leaf(package.leaf_node, dave.identity.keys, {});
    sign_key_package(package, dave.identity.keys);
    return bob_says(forge_commit_of(world, groups[0], {Proposal::add(package)}));
  }
  std::string bob_says(const Bytes& message) {
    const Environment env{world.random, world.env.now, policy, &world.psks};
    return outcome(groups[1].process(message, env));
  }
  std::string update(const std::function<void(LeafNode&)>& change) {
    LeafNode leaf = *groups[0].member(groups[0].own_leaf());
    leaf.source = LeafNodeSource::update;
    leaf.encryption_key = generate_hpke_key_pair(*find_suite(world.suite), world.random).public_key;
    change(leaf);
    sign_leaf(leaf, clients[0].identity.keys, {groups[0].group_id(), groups[0].own_leaf()});
    return bob_says(forge_proposal(groups[0], {Update{leaf}}));
  }
  /// Alice's path leaf, changed and signed again.
  std::string path(const std::function<void(LeafNode&)>& change) {
    return bob_says(forge_commit(world, groups[0], [&](Commit& commit) {
      change(commit.path->leaf_node);
      sign_leaf(commit.path->leaf_node, clients[0].identity.keys,
                {groups[0].group_id(), groups[0].own_leaf()});
    }));
  }
  void set_group_extensions(const Extensions& extensions) {
    CommitOptions options;
    options.proposals = {Proposal::group_context_extensions(extensions)};
    ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[1], &groups[2]}, options));
  }
};

TEST_F(LeafRules, TheCredentialIsAcceptedByThePolicy) {
  policy.accept = false;
  EXPECT_EQ(add([](KeyPackage&) {}), "leaf_credential_rejected");
  EXPECT_EQ(update([](LeafNode&) {}), "leaf_credential_rejected");
  EXPECT_EQ(path([](LeafNode&) {}), "leaf_credential_rejected");
}
TEST_F(LeafRules, TheSignatureVerifies) {
  EXPECT_EQ(add([](KeyPackage& p) { p.leaf_node.lifetime.not_after += 1; }, false), "leaf_signature_invalid");
}
TEST_F(LeafRules, RequiredCapabilitiesAreThere) {
  set_group_extensions({RequiredCapabilities{{}, {}, {CredentialType::basic}}.to_extension()});
  EXPECT_EQ(add([](KeyPackage& p) {
              p.leaf_node.credential = Credential::x509({{1}});
              p.leaf_node.capabilities.credentials = {CredentialType::x509};
            }),
            "leaf_lacks_required_capability");
}
TEST_F(LeafRules, GroupExtensionsAreSupported) {
  // Everybody of the group supports the extension, and Dave does not.
  TestWorld w;
  auto all = clients_named(w, {"alice", "bob"});
  for (TestClient& c : all)
    c.identity.capabilities.extensions = {kPrivateExtension};
  auto two = group_of(w, all);
  CommitOptions options;
  options.proposals = {Proposal::group_context_extensions({{kPrivateExtension, {}}})};
  ASSERT_TRUE(commit_to_all(w, two[0], {&two[1]}, options));
  TestClient stranger(w, "dave");
  const Bytes message = forge_commit_of(w, two[0], {Proposal::add(stranger.package().key_package)});
  EXPECT_EQ(outcome(two[1].process(message, w.env)), "leaf_lacks_group_extension");
}
TEST_F(LeafRules, SuiteAndVersionAreListed) {
  EXPECT_EQ(add([](KeyPackage& p) { p.leaf_node.capabilities.cipher_suites = {CipherSuite{1}}; }),
            "leaf_lacks_suite_or_version");
  EXPECT_EQ(add([](KeyPackage& p) { p.leaf_node.capabilities.versions.clear(); }),
            "leaf_lacks_suite_or_version");
}
TEST_F(LeafRules, ItsOwnCredentialTypeIsListed) {
  EXPECT_EQ(add([](KeyPackage& p) { p.leaf_node.capabilities.credentials = {CredentialType::x509}; }),
            "leaf_credential_type_not_listed");
}
TEST_F(LeafRules, ItsCredentialTypeIsSupportedByAll) {
  EXPECT_EQ(add([](KeyPackage& p) {
              p.leaf_node.credential.type = kPrivateCredential;
              p.leaf_node.capabilities.credentials = {CredentialType::basic, kPrivateCredential};
            }),
            "credential_type_unsupported_by_member");
}
TEST_F(LeafRules, ItSupportsAllCredentialTypesInUse) {
  EXPECT_EQ(add([](KeyPackage& p) {
              p.leaf_node.credential = Credential::x509({{1}});
              p.leaf_node.capabilities.credentials = {CredentialType::x509};
            }),
            "leaf_lacks_credential_type_in_use");
}
TEST_F(LeafRules, TheLifetimeIsCurrent) {
  EXPECT_EQ(add([](KeyPackage& p) { p.leaf_node.lifetime = {1, 2}; }), "leaf_lifetime_not_current");
}
TEST_F(LeafRules, TheLifetimeIsNotTooLong) {
  EXPECT_EQ(add([](KeyPackage& p) { p.leaf_node.lifetime = {}; }), "leaf_lifetime_too_long");
}
TEST_F(LeafRules, ItsExtensionsAreListed) {
  EXPECT_EQ(add([](KeyPackage& p) {
              p.leaf_node.extensions = {{kPrivateExtension, {}}};
            }),
            "leaf_extension_not_listed");
}
TEST_F(LeafRules, TheSourceIsThatOfItsPlace) {
  EXPECT_EQ(add([](KeyPackage& p) { p.leaf_node.source = LeafNodeSource::update; }), "leaf_source_invalid");
  EXPECT_EQ(update([](LeafNode& l) { l.source = LeafNodeSource::commit; }), "leaf_source_invalid");
  EXPECT_EQ(path([](LeafNode& l) { l.source = LeafNodeSource::update; }), "leaf_source_invalid");
}
TEST_F(LeafRules, AnUpdateAndAPathBringANewEncryptionKey) {
  const Bytes old = groups[0].member(groups[0].own_leaf())->encryption_key;
  EXPECT_EQ(update([&](LeafNode& l) { l.encryption_key = old; }), "leaf_encryption_key_unchanged");
  EXPECT_EQ(path([&](LeafNode& l) { l.encryption_key = old; }), "leaf_encryption_key_unchanged");
}
TEST_F(LeafRules, EncryptionKeysAreUnique) {
  const Bytes taken = groups[2].member(groups[2].own_leaf())->encryption_key;
  EXPECT_EQ(add([&](KeyPackage& p) { p.leaf_node.encryption_key = taken; }), "encryption_key_not_unique");
}
TEST_F(LeafRules, SignatureKeysAreUnique) {
  // With a policy that sees no client twice, so that the rule about Adds of members does not come first.
  policy.everybody_differs = true;
  dave.identity = clients[2].identity.clone();
  EXPECT_EQ(add([](KeyPackage&) {}), "signature_key_not_unique");
}
TEST_F(LeafRules, TheEncryptionKeyIsAKey) {
  EXPECT_EQ(add([](KeyPackage& p) { p.leaf_node.encryption_key.pop_back(); }), "key_invalid");
}

TEST_F(LeafRules, APackagesVersionIsTheGroups) {
  EXPECT_EQ(add([](KeyPackage& p) { p.version = ProtocolVersion{2}; }), "key_package_version_mismatch");
}
TEST_F(LeafRules, APackagesSuiteIsTheGroups) {
  EXPECT_EQ(add([](KeyPackage& p) { p.cipher_suite = CipherSuite{1}; }), "key_package_suite_mismatch");
}
TEST_F(LeafRules, APackagesSignatureVerifies) {
  KeyPackage package = dave.package().key_package;
  package.signature[3] ^= 1;
  EXPECT_EQ(bob_says(forge_commit_of(world, groups[0], {Proposal::add(package)})),
            "key_package_signature_invalid");
}
TEST_F(LeafRules, APackagesInitKeyIsNotItsLeafsKey) {
  EXPECT_EQ(add([](KeyPackage& p) { p.init_key = p.leaf_node.encryption_key; }),
            "key_package_init_key_reused");
}
TEST_F(LeafRules, AnHonestAddOfThisShapeGetsToThePath) {
  // The forged commit's path does not know of the Add: the rules above were reached for their own sake.
  EXPECT_EQ(add([](KeyPackage&) {}), "path_parent_hash_invalid");
}

}  // namespace
}  // namespace sotto::mls
