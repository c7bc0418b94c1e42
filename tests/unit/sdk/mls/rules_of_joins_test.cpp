// One rule at a time, RFC 9420 §11.2, §11.3, §12.4.3 and §13.4: docs/validation.md lists them.
#include "sdk/mls/src/leaf_node_codec.hpp"
#include "sdk/mls/src/tree_codec.hpp"
#include "sdk/mls/src/welcome.hpp"
#include "tests/unit/sdk/mls/hostile_member.hpp"

namespace sotto::mls {
namespace {

/// A Welcome taken apart.
struct OpenWelcome {
  GroupSecrets secrets;
  GroupInfo info;
  RatchetTree tree;
};

struct JoinRules : testing::Test {
  TestWorld world;
  std::vector<TestClient> clients = clients_named(world, {"alice", "bob", "carol"});
  std::vector<Group> groups = group_of(world, clients);
  TestClient dave{world, "dave"};
  KeyPackageBundle bundle = dave.package();
  const Suite& suite = *find_suite(world.suite);

  /// Alice's Welcome for Dave.
  Bytes real_welcome(const std::vector<Proposal>& more = {}) {
    CommitOptions options;
    options.proposals = {Proposal::add(bundle.key_package)};
    options.proposals.insert(options.proposals.end(), more.begin(), more.end());
    auto made = groups[0].commit(options, world.env);
    return *made->welcome;
  }
  Welcome parse_welcome(const Bytes& message) {
    Reader r(message);
    read_message_head(r);
    Welcome welcome;
    read(r, welcome);
    EXPECT_TRUE(r.ok());
    return welcome;
  }
  std::string join(const Bytes& welcome, const JoinOptions& options = {}) {
    return outcome(Group::join(welcome, bundle, dave.identity.clone(), options, world.env));
  }
  /// What Dave says to a Welcome that was opened, changed, signed by Alice and sealed again. `rehash`: the
  /// GroupContext gets the hash of the changed tree.
  std::string forged(const std::function<void(OpenWelcome&)>& change, bool rehash = false) {
    const Welcome welcome = parse_welcome(real_welcome());
    OpenWelcome open;
    open.secrets = std::move(open_group_secrets(suite, welcome, bundle)).value();
    const SecretBytes no_psk = derive_psk_secret(suite, {});
    const SecretBytes key = derive_welcome_secret(suite, open.secrets.joiner_secret, no_psk);
    open.info = std::move(open_group_info(suite, welcome.encrypted_group_info, key)).value();
    open.tree = std::move(parse<RatchetTree>(open.info.extensions[0].data)).value();
    const Bytes tree_before = encode(open.tree);
    change(open);
    if (!open.info.extensions.empty() && encode(open.tree) != tree_before)
      open.info.extensions[0].data = encode(open.tree);
    if (rehash)
      open.info.context.tree_hash = Bytes(open.tree.root_hash().begin(), open.tree.root_hash().end());
    sign_group_info(open.info, clients[0].identity.keys);
    return join(sealed(open.info, open.secrets, key));
  }
  Bytes sealed(const GroupInfo& info, const GroupSecrets& secrets, const SecretBytes& welcome_secret) {
    Welcome out;
    out.cipher_suite = suite.id;
    out.encrypted_group_info = seal_group_info(suite, info, welcome_secret);
    out.secrets.push_back(
        std::move(seal_group_secrets(suite, bundle.key_package, secrets,
                                     welcome_info(suite, out.encrypted_group_info), world.random))
            .value());
    return to_message(WireFormat::welcome, out);
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
TEST_F(JoinRules, TheGroupInfoIsSignedByItsSigner) {
  EXPECT_EQ(forged([&](OpenWelcome& w) { w.info.signer = groups[1].own_leaf(); }),
            "group_info_signature_invalid");
}
TEST_F(JoinRules, TheGroupInfosSignerIsAMember) {
  EXPECT_EQ(forged([](OpenWelcome& w) { w.info.signer = {40}; }), "group_info_signer_blank");
}
TEST_F(JoinRules, WeAreNotInAGroupOfThisIdAlready) {
  struct Known final : Policy {
    [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck&) const override {
      return {};
    }
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
  struct Nobody final : Policy {
    [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck& c) const override {
      if (c.event == CredentialEvent::join) return "no";
      return std::nullopt;
    }
  } policy;
  const Environment env{world.random, world.env.now, policy, &world.psks};
  EXPECT_EQ(outcome(Group::join(real_welcome(), bundle, dave.identity.clone(), {}, env)),
            "leaf_credential_rejected");
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
TEST_F(JoinRules, AMessageOfAnotherKindIsRefused) {
  EXPECT_EQ(join(*groups[0].group_info({})), "wire_format_unexpected");
  EXPECT_EQ(outcome(Group::join_external(real_welcome(), dave.identity.clone(), {}, world.env)),
            "wire_format_unexpected");
}

}  // namespace
}  // namespace sotto::mls
