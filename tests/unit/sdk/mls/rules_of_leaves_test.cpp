// One rule at a time, RFC 9420 §7.3 and §10.1: docs/validation.md lists them.
#include "sdk/mls/src/tree/leaf_node_codec.hpp"
#include "tests/unit/sdk/mls/hostile_member.hpp"

namespace sotto::mls {
namespace {

constexpr auto kPrivateCredential = CredentialType{0xF001};
constexpr auto kPrivateExtension = ExtensionType{0xF002};

/// Answers as a test tells it to, and remembers what it was asked.
struct TestPolicy final : AcceptEveryCredential {
  struct Asked {
    CredentialEvent event{};
    std::optional<LeafNode> old_leaf;
    std::optional<LeafNode> new_leaf;
    std::vector<Credential> members;
  };
  bool accept = true;
  bool everybody_differs = false;
  mutable std::vector<Asked> asked;

  [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck& c) const override {
    asked.push_back({c.event,
                     c.old_leaf != nullptr ? std::optional(*c.old_leaf) : std::nullopt,
                     c.new_leaf != nullptr ? std::optional(*c.new_leaf) : std::nullopt,
                     {}});
    for (const auto& leaf : c.members) {
      if (leaf) asked.back().members.push_back(leaf->credential);
    }
    return accept ? std::nullopt : std::optional<std::string>("no");
  }
  [[nodiscard]] Bytes client_of(const LeafNode& leaf) const override {
    return everybody_differs ? leaf.encryption_key : Policy::client_of(leaf);
  }
};

struct LeafRules : testing::Test {
  LeafRules() {
    // Whoever is a member supports the private extension; Dave does not.
    for (TestClient& client : clients)
      client.identity.capabilities.extensions = {kPrivateExtension};
    groups = group_of(world, clients);
  }
  TestWorld world;
  TestPolicy policy;
  std::vector<TestClient> clients = clients_named(world, {"alice", "bob", "carol"});
  std::vector<Group> groups;
  TestClient dave{world, "dave"};
  Environment env{world.random, world.env.now, policy, &world.psks};

  using LeafChange = std::function<void(LeafNode&)>;

  /// What Bob says to Alice's commit of an Add of Dave, whose package was changed and signed again.
  std::string add(const std::function<void(KeyPackage&)>& change, bool sign_the_leaf = true) {
    KeyPackage package = dave.package().key_package;
    change(package);
    if (sign_the_leaf) sign_leaf(package.leaf_node, dave.identity.keys, {});
    sign_key_package(package, dave.identity.keys);
    return bob_says(forge_commit_of(world, groups[0], {Proposal::add(package)}));
  }
  std::string add_leaf(const LeafChange& change) {
    return add([&](KeyPackage& package) { change(package.leaf_node); });
  }
  std::string bob_says(const Bytes& message) { return outcome(groups[1].process(message, env)); }

  LeafPlace alices_place() const { return {groups[0].group_id(), groups[0].own_leaf()}; }
  /// Alice's Update, changed and signed again.
  Bytes forged_update(const LeafChange& change, const SignatureKeyPair& signer, const LeafPlace& place) {
    LeafNode leaf = *groups[0].member(groups[0].own_leaf());
    leaf.source = LeafNodeSource::update;
    leaf.encryption_key = generate_hpke_key_pair(*find_suite(world.suite), world.random).public_key;
    change(leaf);
    sign_leaf(leaf, signer, place);
    return forge_proposal(groups[0], {Update{leaf}});
  }
  std::string update(const LeafChange& change) {
    return bob_says(forged_update(change, clients[0].identity.keys, alices_place()));
  }
  /// What Bob says when Carol commits Alice's Update that he has received.
  std::string committed_update(const LeafChange& change, const SignatureKeyPair& signer) {
    auto received = groups[1].process(forged_update(change, signer, alices_place()), env);
    if (!received) return outcome(received);
    const Bytes reference = received->as<ProposalReceived>()->reference;
    return bob_says(forge_commit(world, groups[2], [&](Commit& c) { c.proposals.push_back({reference}); }));
  }
  /// Alice's path leaf, changed and signed again.
  std::string path(const LeafChange& change, const SignatureKeyPair& signer, const LeafPlace& place) {
    return bob_says(forge_commit(world, groups[0], [&](Commit& commit) {
      change(commit.path->leaf_node);
      sign_leaf(commit.path->leaf_node, signer, place);
    }));
  }
  std::string path(const LeafChange& change) {
    return path(change, clients[0].identity.keys, alices_place());
  }
  /// The same fault wherever a leaf comes from.
  void expect_everywhere(const LeafChange& change, std::string_view code) {
    EXPECT_EQ(add_leaf(change), code) << "in an Add";
    EXPECT_EQ(update(change), code) << "in an Update";
    EXPECT_EQ(path(change), code) << "in a path";
  }
  void set_group_extensions(const Extensions& extensions) {
    CommitOptions options;
    options.proposals = {Proposal::group_context_extensions(extensions)};
    ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[1], &groups[2]}, options));
  }
};

TEST_F(LeafRules, TheCredentialIsAcceptedByThePolicy) {
  policy.accept = false;
  expect_everywhere([](LeafNode&) {}, "leaf_credential_rejected");
}
TEST_F(LeafRules, ThePolicySeesTheOldAndTheNewLeaf) {
  const LeafNode alices = *groups[0].member(groups[0].own_leaf());
  const auto rename = [](LeafNode& leaf) { leaf.credential = Credential::basic(as_bytes("alicia")); };
  const std::vector<Credential> everybody = {clients[0].identity.credential, clients[1].identity.credential,
                                             clients[2].identity.credential};
  add_leaf([](LeafNode&) {});
  ASSERT_FALSE(policy.asked.empty());
  EXPECT_EQ(policy.asked.front().members, everybody);
  EXPECT_EQ(policy.asked.front().event, CredentialEvent::add);
  EXPECT_EQ(policy.asked.front().old_leaf, std::nullopt);
  EXPECT_EQ(policy.asked.front().new_leaf->credential, dave.identity.credential);

  EXPECT_EQ(update(rename), "accepted");
  EXPECT_EQ(policy.asked.back().event, CredentialEvent::update);
  EXPECT_EQ(policy.asked.back().members, everybody);
  EXPECT_EQ(policy.asked.back().old_leaf, alices);
  EXPECT_EQ(policy.asked.back().new_leaf->credential, Credential::basic(as_bytes("alicia")));

  path(rename);
  EXPECT_EQ(policy.asked.back().event, CredentialEvent::commit);
  EXPECT_EQ(policy.asked.back().old_leaf, alices);
  EXPECT_EQ(policy.asked.back().new_leaf->credential, Credential::basic(as_bytes("alicia")));

  const LeafNode carols = *groups[2].member(groups[2].own_leaf());
  ExternalJoinOptions options;
  options.replaces = groups[2].own_leaf();
  const auto back =
      Group::join_external(*groups[0].group_info({}), clients[2].identity.clone(), options, env);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(bob_says(back->commit), "accepted");
  EXPECT_EQ(policy.asked.back().event, CredentialEvent::external_join);
  EXPECT_EQ(policy.asked.back().old_leaf, carols);
}
TEST_F(LeafRules, TheSignatureVerifies) {
  EXPECT_EQ(add([](KeyPackage& p) { p.leaf_node.lifetime.not_after += 1; }, false), "leaf_signature_invalid");
  // A leaf of a group is signed for its group and its place.
  const SignatureKeyPair& alice = clients[0].identity.keys;
  const Bytes other_group{9};
  for (const LeafPlace& place :
       {LeafPlace{other_group, groups[0].own_leaf()}, LeafPlace{groups[0].group_id(), LeafIndex{2}}}) {
    EXPECT_EQ(bob_says(forged_update([](LeafNode&) {}, alice, place)), "leaf_signature_invalid");
    EXPECT_EQ(path([](LeafNode&) {}, alice, place), "leaf_signature_invalid");
  }
}
TEST_F(LeafRules, RequiredCapabilitiesAreThere) {
  set_group_extensions({RequiredCapabilities{{}, {}, {CredentialType::basic}}.to_extension()});
  expect_everywhere(
      [](LeafNode& leaf) {
        leaf.credential = Credential::x509({{1}});
        leaf.capabilities.credentials = {CredentialType::x509};
      },
      "leaf_lacks_required_capability");
  set_group_extensions({RequiredCapabilities{{kPrivateExtension}, {}, {}}.to_extension()});
  expect_everywhere([](LeafNode& leaf) { leaf.capabilities.extensions.clear(); },
                    "leaf_lacks_required_capability");
}
TEST_F(LeafRules, GroupExtensionsAreSupported) {
  set_group_extensions({{kPrivateExtension, {}}});
  expect_everywhere([](LeafNode& leaf) { leaf.capabilities.extensions.clear(); },
                    "leaf_lacks_group_extension");
}
TEST_F(LeafRules, SuiteAndVersionAreListed) {
  expect_everywhere([](LeafNode& leaf) { leaf.capabilities.cipher_suites = {CipherSuite{1}}; },
                    "leaf_lacks_suite_or_version");
  expect_everywhere([](LeafNode& leaf) { leaf.capabilities.versions.clear(); },
                    "leaf_lacks_suite_or_version");
}
TEST_F(LeafRules, ItsOwnCredentialTypeIsListed) {
  expect_everywhere([](LeafNode& leaf) { leaf.capabilities.credentials = {CredentialType::x509}; },
                    "leaf_credential_type_not_listed");
}
TEST_F(LeafRules, ItsCredentialTypeIsSupportedByAll) {
  const LeafChange change = [](LeafNode& leaf) {
    leaf.credential.type = kPrivateCredential;
    leaf.capabilities.credentials = {CredentialType::basic, kPrivateCredential};
  };
  EXPECT_EQ(add_leaf(change), "credential_type_unsupported_by_member");
  EXPECT_EQ(committed_update(change, clients[0].identity.keys), "credential_type_unsupported_by_member");
  EXPECT_EQ(path(change), "credential_type_unsupported_by_member");
}
TEST_F(LeafRules, ItSupportsAllCredentialTypesInUse) {
  const LeafChange change = [](LeafNode& leaf) {
    leaf.credential = Credential::x509({{1}});
    leaf.capabilities.credentials = {CredentialType::x509};
  };
  EXPECT_EQ(add_leaf(change), "leaf_lacks_credential_type_in_use");
  EXPECT_EQ(committed_update(change, clients[0].identity.keys), "leaf_lacks_credential_type_in_use");
  EXPECT_EQ(path(change), "leaf_lacks_credential_type_in_use");
}
TEST_F(LeafRules, TheLifetimeIsCurrent) {
  const auto old = [](LeafNode& leaf) { leaf.lifetime = {1, 2}; };
  EXPECT_EQ(add_leaf(old), "leaf_lifetime_not_current");
  EXPECT_EQ(add_leaf([](LeafNode& leaf) { std::swap(leaf.lifetime.not_before, leaf.lifetime.not_after); }),
            "leaf_lifetime_not_current");
  env.lifetimes.check_received = false;
  EXPECT_NE(add_leaf(old), "leaf_lifetime_not_current");
}
TEST_F(LeafRules, TheLifetimeOfALeafThatWeSendIsCurrent) {
  KeyPackage package = dave.package().key_package;
  package.leaf_node.lifetime = {1, 2};
  sign_leaf(package.leaf_node, dave.identity.keys, {});
  sign_key_package(package, dave.identity.keys);
  // Whether others' old leaves are let in is a choice; sending one is not.
  env.lifetimes.check_received = false;
  CommitOptions options;
  options.proposals = {Proposal::add(package)};
  EXPECT_EQ(outcome(groups[0].commit(options, env)), "leaf_lifetime_not_current");
  EXPECT_EQ(outcome(groups[0].propose(Proposal::add(package), {}, env)), "leaf_lifetime_not_current");
  GroupParams params;
  params.lifetime = Lifetime{1, 2};
  EXPECT_EQ(outcome(Group::create(params, dave.identity.clone(), env)), "leaf_lifetime_not_current");
}
TEST_F(LeafRules, TheLifetimeIsNotTooLong) {
  EXPECT_EQ(add_leaf([](LeafNode& leaf) { leaf.lifetime = {}; }), "leaf_lifetime_too_long");
}
TEST_F(LeafRules, ItsExtensionsAreListed) {
  expect_everywhere(
      [](LeafNode& leaf) {
        leaf.capabilities.extensions.clear();
        leaf.extensions = {{kPrivateExtension, {}}};
      },
      "leaf_extension_not_listed");
}
TEST_F(LeafRules, TheSourceIsThatOfItsPlace) {
  EXPECT_EQ(add_leaf([](LeafNode& l) { l.source = LeafNodeSource::update; }), "leaf_source_invalid");
  EXPECT_EQ(update([](LeafNode& l) { l.source = LeafNodeSource::commit; }), "leaf_source_invalid");
  EXPECT_EQ(path([](LeafNode& l) { l.source = LeafNodeSource::update; }), "leaf_source_invalid");
}
TEST_F(LeafRules, AnUpdateAndAPathBringANewEncryptionKey) {
  const Bytes old = groups[0].member(groups[0].own_leaf())->encryption_key;
  EXPECT_EQ(update([&](LeafNode& l) { l.encryption_key = old; }), "leaf_encryption_key_unchanged");
  EXPECT_EQ(path([&](LeafNode& l) { l.encryption_key = old; }), "leaf_encryption_key_unchanged");
}
TEST_F(LeafRules, EncryptionKeysAreUnique) {
  const Bytes carols = groups[2].member(groups[2].own_leaf())->encryption_key;
  const Bytes roots = groups[1].internals().current.tree.parents()[1]->encryption_key;
  for (const Bytes& taken : {carols, roots}) {
    const LeafChange change = [&](LeafNode& leaf) { leaf.encryption_key = taken; };
    EXPECT_EQ(add_leaf(change), "encryption_key_not_unique");
    if (taken == carols) {
      EXPECT_EQ(committed_update(change, clients[0].identity.keys), "encryption_key_not_unique");
    }
    // The path gives the root another key, so that the old one is not in the new tree.
    EXPECT_EQ(path(change), taken == carols ? "path_key_not_unique" : "decryption_failed");
  }
}
TEST_F(LeafRules, SignatureKeysAreUnique) {
  // With a policy that sees no client twice, so that the rule about Adds of members does not come first.
  policy.everybody_differs = true;
  dave.identity = clients[2].identity.clone();
  EXPECT_EQ(add([](KeyPackage&) {}), "signature_key_not_unique");
  const SignatureKeyPair& carols = clients[2].identity.keys;
  const LeafChange change = [&](LeafNode& leaf) { leaf.signature_key = carols.public_key(); };
  EXPECT_EQ(committed_update(change, carols), "signature_key_not_unique");
  EXPECT_EQ(path(change, carols, alices_place()), "signature_key_not_unique");
}
TEST_F(LeafRules, TheEncryptionKeyIsAKey) {
  expect_everywhere([](LeafNode& leaf) { leaf.encryption_key.pop_back(); }, "key_invalid");
  // What is sealed to a point of small order everybody can open; libsodium refuses to, and so nobody could
  // commit any more.
  expect_everywhere([](LeafNode& leaf) { leaf.encryption_key = Bytes(32, 0); }, "key_invalid");
  EXPECT_EQ(add([](KeyPackage& p) { p.init_key = Bytes(32, 0); }), "key_invalid");
}
TEST_F(LeafRules, AGreaseValueIsTreatedLikeAnyOther) {
  const auto grease = CredentialType{0x3A3A};
  const LeafChange with_grease = [&](LeafNode& leaf) { leaf.credential.type = grease; };
  expect_everywhere(with_grease, "leaf_credential_type_not_listed");
  // Where everybody lists it, a receiver does not ask what the value is for.
  for (TestClient& client : clients)
    client.identity.capabilities.credentials = {CredentialType::basic, grease};
  groups = group_of(world, clients);
  EXPECT_EQ(update(with_grease), "accepted");
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
