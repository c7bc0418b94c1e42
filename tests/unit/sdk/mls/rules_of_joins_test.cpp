// One rule at a time, RFC 9420 §11.2, §11.3, §12.4.3 and §13.4: docs/validation.md lists them.
#include "sdk/mls/src/tree/leaf_node_codec.hpp"
#include "tests/unit/sdk/mls/hostile_member.hpp"

namespace sotto::mls {
namespace {

struct JoinRules : testing::Test {
  TestWorld world;
  std::vector<TestClient> clients = clients_named(world, {"alice", "bob", "carol"});
  std::vector<Group> groups = group_of(world, clients);
  TestClient dave{world, "dave"};
  KeyPackageBundle bundle = dave.package();
  const Suite& suite = *find_suite(world.suite);

  bool with_path = true;

  /// Alice's Welcome for Dave.
  Bytes real_welcome(const std::vector<Proposal>& more = {}) {
    CommitOptions options;
    options.force_path = with_path;
    options.proposals = {Proposal::add(bundle.key_package)};
    options.proposals.insert(options.proposals.end(), more.begin(), more.end());
    auto made = groups[0].commit(options, world.env);
    return *made->welcome;
  }
  std::string join(const Bytes& welcome, const JoinOptions& options = {}) {
    return outcome(Group::join(welcome, bundle, dave.identity.clone(), options, world.env));
  }
  /// What Dave says to a Welcome that was opened, changed, signed by Alice and sealed again. `rehash`: the
  /// GroupContext gets the hash of the changed tree.
  std::string forged(const std::function<void(OpenWelcome&)>& change, bool rehash = false) {
    const PskSecretFor no_psk = [&](const GroupSecrets&) { return derive_psk_secret(suite, {}); };
    OpenWelcome open = open_welcome(real_welcome(), bundle, no_psk);
    const Bytes tree_before = encode(open.tree);
    change(open);
    if (!open.info.extensions.empty() && encode(open.tree) != tree_before)
      open.info.extensions[0].data = encode(open.tree);
    if (rehash) open.info.context.tree_hash = to_bytes(open.tree.root_hash());
    return join(
        seal_welcome(suite, open, clients[0].identity.keys, bundle.key_package, no_psk, world.random));
  }
  ParentNode root_of(const OpenWelcome& w) { return *w.tree.parent_node(root(w.tree.leaf_count())); }
  void set_root(OpenWelcome& w, ParentNode node) {
    w.tree.set_parent(root(w.tree.leaf_count()), std::make_shared<const ParentNode>(std::move(node)));
  }
};

TEST_F(JoinRules, AForgedWelcomeThatBreaksNoRuleIsAccepted) {
  EXPECT_EQ(forged([](OpenWelcome&) {}), "accepted");
}
TEST_F(JoinRules, AWelcomeIsForOurKeyPackage) {
  const Bytes welcome = real_welcome();
  bundle = dave.package();
  EXPECT_EQ(join(welcome), "welcome_not_for_us");
}
TEST_F(JoinRules, TheIdentityThatJoinsIsThatOfItsKeyPackage) {
  const Bytes welcome = real_welcome();
  Identity renamed = dave.identity.clone();
  renamed.credential = Credential::basic(as_bytes("david"));
  EXPECT_EQ(outcome(Group::join(welcome, bundle, std::move(renamed), {}, world.env)), "invalid_argument");
  EXPECT_EQ(outcome(Group::join(welcome, bundle, clients[0].identity.clone(), {}, world.env)),
            "invalid_argument");
}
TEST_F(JoinRules, AWelcomeIsForTheSuiteOfOurKeyPackage) {
  Welcome welcome = parse_welcome(real_welcome());
  welcome.cipher_suite = CipherSuite{1};
  EXPECT_EQ(join(to_message(WireFormat::welcome, welcome)), "welcome_suite_mismatch");
}
TEST_F(JoinRules, TheGroupsSuiteIsThatOfOurKeyPackage) {
  EXPECT_EQ(forged([](OpenWelcome& w) { w.info.context.cipher_suite = CipherSuite{1}; }),
            "group_info_suite_mismatch");
}
TEST_F(JoinRules, TheWelcomesPsksAreKnown) {
  world.psks.external[{5}] = Bytes(32, 5);
  const Bytes welcome = real_welcome({Proposal::external_psk(Bytes{5}, world.random)});
  EXPECT_EQ(join(welcome), "accepted");
  world.psks.external.clear();
  EXPECT_EQ(join(welcome), "psk_unknown");
}
TEST_F(JoinRules, AWelcomeNamesEachPskOnceAndWithAFullNonce) {
  PskId id;
  id.external_id = {5};
  id.nonce = Bytes(32, 1);
  world.psks.external[{5}] = Bytes(32, 5);
  EXPECT_EQ(forged([&](OpenWelcome& w) { w.secrets.psks = {id, id}; }), "psk_duplicate");
  id.nonce.pop_back();
  EXPECT_EQ(forged([&](OpenWelcome& w) { w.secrets.psks = {id}; }), "psk_nonce_length_invalid");
}
TEST_F(JoinRules, AWelcomeNamesThePsksInTheirOrder) {
  world.psks.external[{5}] = Bytes(32, 5);
  world.psks.external[{6}] = Bytes(32, 6);
  const Bytes welcome = real_welcome(
      {Proposal::external_psk(Bytes{5}, world.random), Proposal::external_psk(Bytes{6}, world.random)});
  std::vector<KnownPsk> in_order;
  const PskSecretFor psks = [&](const GroupSecrets& secrets) {
    if (in_order.empty()) {
      for (const PskId& id : secrets.psks)
        in_order.push_back({id, SecretBytes(world.psks.external.at(id.external_id))});
    }
    return derive_psk_secret(suite, in_order);
  };
  OpenWelcome open = open_welcome(welcome, bundle, psks);
  const auto sealed = [&] {
    return seal_welcome(suite, open, clients[0].identity.keys, bundle.key_package, psks, world.random);
  };
  EXPECT_EQ(join(sealed()), "accepted");
  std::swap(open.secrets.psks[0], open.secrets.psks[1]);
  EXPECT_EQ(join(sealed()), "decryption_failed");
}
TEST_F(JoinRules, TheGroupInfoIsSignedByItsSigner) {
  EXPECT_EQ(forged([&](OpenWelcome& w) { w.info.signer = groups[1].own_leaf(); }),
            "group_info_signature_invalid");
}
TEST_F(JoinRules, TheGroupInfosSignerIsAMember) {
  EXPECT_EQ(forged([](OpenWelcome& w) { w.info.signer = {40}; }), "group_info_signer_blank");
}
TEST_F(JoinRules, WeAreNotInAGroupOfThisIdAlready) {
  struct Known final : AcceptEveryCredential {
    [[nodiscard]] bool knows_group(ByteView) const override { return true; }
  } policy;
  const Environment env{world.random, world.env.now, policy, &world.psks};
  EXPECT_EQ(outcome(Group::join(real_welcome(), bundle, dave.identity.clone(), {}, env)), "group_id_in_use");
}
TEST_F(JoinRules, TheTreeIsThere) {
  EXPECT_EQ(forged([](OpenWelcome& w) { w.info.extensions.clear(); }), "tree_missing");
}
TEST_F(JoinRules, TheTreeIsThatOfTheGroupContext) {
  EXPECT_EQ(forged([](OpenWelcome& w) { w.info.context.tree_hash[0] ^= 1; }), "tree_hash_mismatch");
}
TEST_F(JoinRules, TheTreeDoesNotEndBlank) {
  EXPECT_EQ(forged([](OpenWelcome& w) {
              // one more blank node, and the vector's two-byte length with it
              Bytes& data = w.info.extensions[0].data;
              Reader r(data);
              Bytes nodes = r.opaque();
              nodes.push_back(0);
              Writer out;
              out.opaque(nodes);
              data = out.take();
            }),
            "tree_ends_blank");
}
// A key at the root of a tree whose right half is empty: every other rule is kept, and its member could
// commit, but not be loaded again.
TEST_F(JoinRules, TheTreeEndsInALeaf) {
  EXPECT_EQ(forged([](OpenWelcome& w) {
              Bytes& data = w.info.extensions[0].data;
              Reader r(data);
              Writer nodes;
              nodes.raw(r.opaque_view());
              nodes.u8(1);
              nodes.u8(2);
              write(nodes, ParentNode{Bytes(32, 9), {}, {}});
              Writer out;
              out.opaque(nodes.view());
              data = out.take();
            }),
            "tree_malformed");
}
TEST_F(JoinRules, ParentsAreChainedToLeavesByTheirHashes) {
  EXPECT_EQ(forged(
                [&](OpenWelcome& w) {
                  ParentNode node = root_of(w);
                  node.encryption_key[3] ^= 1;
                  set_root(w, node);
                },
                true),
            "tree_parent_hash_invalid");
}
TEST_F(JoinRules, UnmergedLeavesAreMembersBelow) {
  EXPECT_EQ(forged(
                [&](OpenWelcome& w) {
                  ParentNode node = root_of(w);
                  node.unmerged_leaves = {{2}, {1}};
                  set_root(w, node);
                },
                true),
            "unmerged_leaf_invalid");
}
TEST_F(JoinRules, AParentsKeyIsNoOtherNodes) {
  EXPECT_EQ(forged(
                [&](OpenWelcome& w) {
                  ParentNode node = root_of(w);
                  node.encryption_key = w.tree.leaf({1})->encryption_key;
                  set_root(w, node);
                },
                true),
            "tree_key_not_unique");
}
TEST_F(JoinRules, LeavesAreValid) {
  EXPECT_EQ(forged(
                [&](OpenWelcome& w) {
                  LeafNode leaf = *w.tree.leaf(groups[2].own_leaf());
                  leaf.credential = Credential::basic(as_bytes("somebody else"));
                  w.tree.set_leaf(groups[2].own_leaf(), std::make_shared<const LeafNode>(leaf));
                },
                true),
            "tree_parent_hash_invalid")
      << "a leaf cannot be changed without breaking the chain above it";
  struct Nobody final : AcceptEveryCredential {
    [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck& c) const override {
      if (c.event == CredentialEvent::join) return "no";
      return std::nullopt;
    }
  } policy;
  const Environment env{world.random, world.env.now, policy, &world.psks};
  EXPECT_EQ(outcome(Group::join(real_welcome(), bundle, dave.identity.clone(), {}, env)),
            "leaf_credential_rejected");
}
/// A group whose parents are all blank: leaves can be changed without breaking a chain of parent hashes.
struct JoinRulesOfLeaves : JoinRules {
  JoinRulesOfLeaves() {
    with_path = false;
    groups.clear();
    groups.push_back(clients[0].create("group"));
    CommitOptions options;
    options.force_path = false;
    for (const std::size_t i : {1U, 2U})
      options.proposals.push_back(Proposal::add(clients[i].package().key_package));
    EXPECT_TRUE(commit_to_all(world, groups[0], {}, options));
  }
  static constexpr LeafIndex kCarol{2};

  /// What Dave says when Carol's leaf was changed and signed again, for that place, by somebody.
  std::string carols_leaf(const std::function<void(LeafNode&)>& change, const Identity* signer = nullptr,
                          LeafIndex place = kCarol) {
    return forged(
        [&](OpenWelcome& w) {
          LeafNode leaf = *w.tree.leaf(kCarol);
          change(leaf);
          sign_leaf(leaf, (signer != nullptr ? signer : &clients[2].identity)->keys,
                    {w.info.context.group_id, place});
          w.tree.set_leaf(kCarol, std::make_shared<const LeafNode>(leaf));
        },
        true);
  }
  // A tree that others cannot have agreed on shows at the very end, if no rule was broken before.
  static constexpr auto kNoRuleBroken = "confirmation_tag_invalid";
};

TEST_F(JoinRulesOfLeaves, ALeafThatBreaksNoRuleIsAccepted) {
  EXPECT_EQ(carols_leaf([](LeafNode&) {}), "accepted");
  EXPECT_EQ(carols_leaf([](LeafNode& leaf) { leaf.lifetime.not_after += 1; }), kNoRuleBroken);
}
TEST_F(JoinRulesOfLeaves, SignaturesVerifyEachForItsPlace) {
  EXPECT_EQ(carols_leaf([](LeafNode&) {}, &dave.identity), "leaf_signature_invalid");
  const auto update = [](LeafNode& leaf) { leaf.source = LeafNodeSource::update; };
  EXPECT_EQ(carols_leaf(update, nullptr, LeafIndex{1}), "leaf_signature_invalid");
  EXPECT_EQ(carols_leaf(update), kNoRuleBroken);
}
TEST_F(JoinRulesOfLeaves, KeysAreUnique) {
  const Bytes bobs = groups[0].member({1})->encryption_key;
  EXPECT_EQ(carols_leaf([&](LeafNode& leaf) { leaf.encryption_key = bobs; }), "encryption_key_not_unique");
  EXPECT_EQ(carols_leaf([&](LeafNode& leaf) { leaf.signature_key = clients[1].identity.keys.public_key(); },
                        &clients[1].identity),
            "signature_key_not_unique");
}
TEST_F(JoinRulesOfLeaves, KeysAreKeys) {
  EXPECT_EQ(carols_leaf([&](LeafNode& leaf) { leaf.encryption_key = Bytes(32, 0); }), "key_invalid");
}
TEST_F(JoinRulesOfLeaves, CapabilitiesAreThere) {
  EXPECT_EQ(carols_leaf([](LeafNode& leaf) { leaf.capabilities.cipher_suites.clear(); }),
            "leaf_lacks_suite_or_version");
  EXPECT_EQ(carols_leaf([](LeafNode& leaf) {
              leaf.extensions = {{ExtensionType{0xF001}, {}}};
            }),
            "leaf_extension_not_listed");
  EXPECT_EQ(carols_leaf([](LeafNode& leaf) {
              leaf.credential = Credential::x509({{1}});
              leaf.capabilities.credentials = {CredentialType::x509};
            }),
            "leaf_lacks_credential_type_in_use");
  EXPECT_EQ(
      forged([](OpenWelcome& w) {
        w.info.context.extensions = {RequiredCapabilities{{}, {ProposalType{0xF001}}, {}}.to_extension()};
      }),
      "leaf_lacks_required_capability");
}
TEST_F(JoinRulesOfLeaves, EverybodySupportsTheGroupsExtensions) {
  dave.identity.capabilities.extensions = {ExtensionType{0xF001}};
  bundle = dave.package();
  EXPECT_EQ(forged([](OpenWelcome& w) {
              w.info.context.extensions = {{ExtensionType{0xF001}, {}}};
            }),
            "leaf_lacks_group_extension");
}
TEST_F(JoinRulesOfLeaves, OldLeavesAreLetInUnlessTheApplicationSaysOtherwise) {
  const auto old = [](LeafNode& leaf) { leaf.lifetime = {1, 2}; };
  EXPECT_EQ(carols_leaf(old), kNoRuleBroken);
  world.env.lifetimes.check_joining = true;
  EXPECT_EQ(carols_leaf(old), "leaf_lifetime_not_current");
}

TEST_F(JoinRules, ExternalSendersAreAcceptedByThePolicy) {
  struct NoOutsiders final : AcceptEveryCredential {
    [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck& c) const override {
      if (c.event == CredentialEvent::external_sender) return "no";
      return std::nullopt;
    }
  } policy;
  const Extension senders =
      make_external_senders({{dave.identity.keys.public_key(), dave.identity.credential}});
  const Bytes welcome = real_welcome({Proposal::group_context_extensions({senders})});
  const Environment env{world.random, world.env.now, policy, &world.psks};
  EXPECT_EQ(outcome(Group::join(welcome, bundle, dave.identity.clone(), {}, env)),
            "leaf_credential_rejected");
  EXPECT_EQ(join(welcome), "accepted");
  EXPECT_EQ(forged([](OpenWelcome& w) {
              w.info.context.extensions = {{ExtensionType::external_senders, {5}}};
            }),
            "extension_malformed");
}
TEST_F(JoinRules, TheGroupsVersionIsOneThatWeRun) {
  EXPECT_EQ(forged([](OpenWelcome& w) { w.info.context.version = ProtocolVersion{2}; }),
            "version_unsupported");
}
TEST_F(JoinRules, OurLeafIsInTheTree) {
  const Bytes welcome = real_welcome();
  bundle.key_package.leaf_node.lifetime.not_after += 1;
  EXPECT_EQ(join(welcome), "own_leaf_missing");
}
TEST_F(JoinRules, WeSupportTheGroupsExtensions) {
  EXPECT_EQ(forged([](OpenWelcome& w) {
              w.info.context.extensions.push_back({ExtensionType{0xF001}, {}});
            }),
            "group_extension_unsupported");
}
TEST_F(JoinRules, WhatWeSupportIsWhatOurIdentitySaysAndNotWhatOurPackageWasSprinkledWith) {
  constexpr auto kGrease = ExtensionType{0x5A5A};
  for (TestClient& client : clients)
    client.identity.capabilities.extensions = {kGrease};
  groups = group_of(world, clients);
  KeyPackage& package = bundle.key_package;
  package.leaf_node.capabilities.extensions.push_back(kGrease);
  sign_leaf(package.leaf_node, dave.identity.keys, {});
  sign_key_package(package, dave.identity.keys);
  bundle.reference = package.reference();
  EXPECT_EQ(join(real_welcome()), "accepted");
  EXPECT_EQ(forged([](OpenWelcome& w) {
              w.info.context.extensions.push_back({kGrease, {}});
            }),
            "group_extension_unsupported");
}
TEST_F(JoinRules, ThePolicyIsShownTheGroupThatAnOutsiderLetsItselfInto) {
  struct OneOfAName final : AcceptEveryCredential {
    [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck& c) const override {
      if (c.event != CredentialEvent::external_join) return std::nullopt;
      for (const auto& leaf : c.members) {
        if (leaf && leaf.get() != c.old_leaf && leaf->credential == c.new_leaf->credential)
          return "somebody of that name is a member";
      }
      return std::nullopt;
    }
  } policy;
  const Environment env{world.random, world.env.now, policy, &world.psks};
  TestClient second_bob(world, "bob");
  auto joined = Group::join_external(*groups[0].group_info({}), second_bob.identity.clone(), {}, world.env);
  EXPECT_EQ(outcome(groups[0].process(joined->commit, env)), "leaf_credential_rejected");
  ExternalJoinOptions options;
  options.replaces = groups[1].own_leaf();
  joined = Group::join_external(*groups[0].group_info({}), second_bob.identity.clone(), options, env);
  ASSERT_TRUE(joined) << joined.error().message;
  EXPECT_EQ(outcome(groups[0].process(joined->commit, env)), "accepted");
}
TEST_F(JoinRules, UnknownExtensionsOfTheGroupInfoAreIgnored) {
  EXPECT_EQ(forged([](OpenWelcome& w) {
              w.info.extensions.push_back({ExtensionType{0x5A5A}, {1, 2}});
            }),
            "accepted");
}
TEST_F(JoinRules, ThePathSecretBelongsToTheTree) {
  EXPECT_EQ(forged([](OpenWelcome& w) { w.secrets.path_secret = SecretBytes(Bytes(32, 1)); }),
            "path_key_mismatch");
  EXPECT_EQ(forged([](OpenWelcome& w) { w.secrets.path_secret = SecretBytes(Bytes(31, 1)); }),
            "path_secret_invalid");
}
// Nothing in a Welcome says that a path secret should be there, so it shows at the first commit that needs
// it: the group stays as it was, and its member joins again from outside.
TEST_F(JoinRules, WhoGotNoPathSecretCannotFollowTheOtherHalf) {
  clients = clients_named(world, {"alice", "bob", "carol", "mallory", "erin"});
  groups = group_of(world, clients);
  CommitOptions options;
  options.proposals = {Proposal::remove({3})};
  ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[4]}, options));
  options.proposals = {Proposal::add(bundle.key_package)};  // at leaf 3, below Alice's new node 3
  std::optional<Bytes> welcome;
  ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[4]}, options, &welcome));
  const PskSecretFor no_psk = [&](const GroupSecrets&) { return derive_psk_secret(suite, {}); };
  OpenWelcome open = open_welcome(*welcome, bundle, no_psk);
  ASSERT_TRUE(open.secrets.path_secret);
  open.secrets.path_secret.reset();
  auto joined = Group::join(
      seal_welcome(suite, open, clients[0].identity.keys, bundle.key_package, no_psk, world.random), bundle,
      dave.identity.clone(), {}, world.env);
  ASSERT_TRUE(joined) << joined.error().message;
  const auto commit = groups[4].commit({}, world.env);
  EXPECT_EQ(outcome(joined->process(commit->message, world.env)), "no_decryption_key");
  EXPECT_EQ(joined->epoch(), groups[4].epoch());
}
TEST_F(JoinRules, TheConfirmationTagIsRight) {
  EXPECT_EQ(forged([](OpenWelcome& w) { w.info.confirmation_tag[0] ^= 1; }), "confirmation_tag_invalid");
  EXPECT_EQ(forged([](OpenWelcome& w) { w.info.confirmation_tag.clear(); }), "confirmation_tag_invalid");
}
TEST_F(JoinRules, AnExternalJoinNeedsTheExternalKey) {
  GroupInfoOptions options;
  options.external_pub = false;
  const auto info = groups[0].group_info(options);
  EXPECT_EQ(outcome(Group::join_external(*info, dave.identity.clone(), {}, world.env)),
            "external_pub_missing");
}
TEST_F(JoinRules, AnExternalJoinChecksTheGroupInfoToo) {
  const Bytes message = *groups[0].group_info({});
  const auto changed = [&](const std::function<void(GroupInfo&)>& change) {
    Reader reader(message);
    read_message_head(reader);
    GroupInfo info;
    read(reader, info);
    change(info);
    sign_group_info(info, clients[0].identity.keys);
    return outcome(
        Group::join_external(to_message(WireFormat::group_info, info), dave.identity.clone(), {}, world.env));
  };
  EXPECT_EQ(changed([](GroupInfo&) {}), "accepted");
  EXPECT_EQ(changed([](GroupInfo& i) { i.signer = {1}; }), "group_info_signature_invalid");
  EXPECT_EQ(changed([](GroupInfo& i) { i.signer = {9}; }), "group_info_signer_blank");
  EXPECT_EQ(changed([](GroupInfo& i) { i.context.tree_hash[0] ^= 1; }), "tree_hash_mismatch");
  EXPECT_EQ(changed([](GroupInfo& i) { i.context.version = ProtocolVersion{2}; }), "version_unsupported");
  EXPECT_EQ(changed([](GroupInfo& i) { i.context.cipher_suite = CipherSuite{2}; }),
            "cipher_suite_unsupported");
  EXPECT_EQ(changed([](GroupInfo& i) {
              i.context.extensions = {{ExtensionType{0xF001}, {}}};
            }),
            "group_extension_unsupported");
  EXPECT_EQ(changed([](GroupInfo& i) { i.extensions.back().data.push_back(0); }), "extension_malformed");
  EXPECT_EQ(changed([](GroupInfo& i) { i.extensions.back().data = Bytes(33, 0); }), "extension_malformed");
}
TEST_F(JoinRules, AMessageOfAnotherKindIsRefused) {
  EXPECT_EQ(join(*groups[0].group_info({})), "wire_format_unexpected");
  EXPECT_EQ(outcome(Group::join_external(real_welcome(), dave.identity.clone(), {}, world.env)),
            "wire_format_unexpected");
}

}  // namespace
}  // namespace sotto::mls
