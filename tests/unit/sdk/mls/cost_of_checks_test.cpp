// Every check of a list that a stranger or a member can make long costs in proportion to its length.
#include <cstring>

#include "sdk/mls/src/tree/tree_validation.hpp"
#include "tests/unit/sdk/mls/commit_rules.hpp"
#include "tests/unit/sdk/mls/cost.hpp"

namespace sotto::mls {
namespace {

constexpr std::size_t kTypes = 16'000;    // there are 65,535
constexpr std::size_t kFirstOwnType = 8;  // MLS defines those before
constexpr auto kCustom = ProposalType{0xF00D};

/// All PSKs are known, whatever they are called.
struct EveryPsk final : PskSource {
  [[nodiscard]] std::optional<SecretBytes> external_psk(ByteView) const override {
    return SecretBytes(Bytes(32, 1));
  }
};

template <class T>
std::vector<T> types(std::size_t n) {
  std::vector<T> out;
  for (std::size_t i = 0; i < n; ++i)
    out.push_back(static_cast<T>(kFirstOwnType + i));
  return out;
}

Bytes key_number(std::size_t i) {
  Bytes key(32, 7);
  std::memcpy(key.data(), &i, sizeof i);
  return key;
}

/// 32 bytes for which libstdc++'s std::hash gives one and the same number, whatever `i` is.
Bytes colliding_key(std::uint64_t i) {
  constexpr std::uint64_t kFactor = 0xC6A4A7935BD1E995;
  constexpr std::uint64_t kSeed = 0xC70F6907;
  constexpr std::size_t kBlocks = 4;
  std::uint64_t inverse = kFactor;  // Newton's iteration doubles the bits that are right
  for (int step = 0; step < 6; ++step)
    inverse *= 2 - kFactor * inverse;
  const auto mixed = [](std::uint64_t v) { return v ^ (v >> 47); };  // its own inverse
  std::uint64_t blocks[kBlocks] = {i, 0, 0, 0};
  std::uint64_t hash = kSeed ^ (sizeof blocks * kFactor);
  for (std::size_t b = 0; b + 1 < kBlocks; ++b)
    hash = (hash ^ (mixed(blocks[b] * kFactor) * kFactor)) * kFactor;
  blocks[kBlocks - 1] = mixed(hash * inverse) * inverse;
  Bytes key(sizeof blocks);
  std::memcpy(key.data(), blocks, sizeof blocks);
  return key;
}

std::shared_ptr<LeafNode> leaf_with_key(Bytes encryption_key, Bytes signature_key) {
  auto leaf = std::make_shared<LeafNode>();
  leaf->encryption_key = std::move(encryption_key);
  leaf->signature_key = std::move(signature_key);
  leaf->credential = Credential::basic(as_bytes("somebody"));
  leaf->capabilities = Capabilities::standard();
  return leaf;
}

struct CostOfChecks : CommitRules {
  EveryPsk every_psk;
  Environment env{world.random, world.env.now, world.policy, &every_psk};

  /// As it is now.
  static std::shared_ptr<Group> snapshot(const Group& group) {
    return std::make_shared<Group>(group.clone());
  }
  /// What Bob does with a commit that he refuses.
  std::function<void()> processing(Bytes message, std::string expected) {
    return [this, group = snapshot(bob), message = std::move(message), expected = std::move(expected)] {
      ASSERT_EQ(outcome(group->process(message, env)), expected);
    };
  }
  std::vector<Proposal> psks(std::size_t n) {
    std::vector<Proposal> out;
    for (std::size_t i = 0; i < n; ++i)
      out.push_back(psk());
    return out;
  }
  /// Dave's external commit, with proposals more.
  Bytes external_commit(const std::vector<Proposal>& more) {
    auto joined = Group::join_external(*carol.group_info({}), dave.identity.clone(), {}, env);
    PublicMessage message = parse_public(joined->commit);
    for (const Proposal& p : more)
      std::get<Commit>(message.content.content).proposals.push_back({p});
    AuthenticatedContent content;
    content.content = message.content;
    content.auth = message.auth;
    sign_content(content, dave.identity.keys, bob.internals().current.context_bytes);
    return to_message(WireFormat::public_message, PublicMessage{content.content, content.auth, std::nullopt});
  }
  /// All members list these in their capabilities.
  void regroup_with(const Capabilities& capabilities) {
    for (TestClient& client : clients)
      client.identity.capabilities = capabilities;
    regroup();
  }
  /// Alice's list of proposals, whose signatures have been verified.
  std::function<void()> applying(std::vector<Proposal> proposals,
                                 const std::vector<LeafIndex>& senders = {}) {
    return [this, group = snapshot(alice), proposals = std::move(proposals), senders] {
      const LeafIndex self = group->own_leaf();
      std::vector<ListedProposal> list;
      for (std::size_t i = 0; i < proposals.size(); ++i)
        list.push_back({Sender::member(senders.empty() ? self : senders[i]), &proposals[i], true});
      const auto applied =
          apply_proposals(group->internals(), Sender::member(self), list, CommitPlace::ordinary, env);
      ASSERT_TRUE(applied) << to_string(applied.error().code) << applied.error().message;
    };
  }
  /// Leaves to the right of the real members.
  void enlarge(Group& group, std::size_t leaves) {
    RatchetTree& tree = group.internals().current.tree;
    for (std::size_t i = tree.member_count(); i < leaves; ++i)
      tree.add_leaf(*leaf_with_key(key_number(i), key_number(i)));
  }
};

TEST_F(CostOfChecks, PsksOfAnExternalCommit) {
  expect_cost_in_proportion(
      4'000, [&](std::size_t n) { return processing(external_commit(psks(n)), "confirmation_tag_invalid"); });
}

TEST_F(CostOfChecks, PsksOfAMembersCommitAndOfItsMaking) {
  expect_cost_in_proportion(2'000, [&](std::size_t n) {
    CommitOptions options;
    options.proposals = psks(n);
    options.format = HandshakeFormat::public_message;
    return [this, group = snapshot(alice), options] { ASSERT_TRUE(group->commit(options, env)); };
  });
}

TEST_F(CostOfChecks, PsksOfAWelcome) {
  const KeyPackageBundle bundle = dave.package();
  CommitOptions options;
  options.proposals = {Proposal::add(bundle.key_package)};
  const Bytes welcome = *alice.commit(options, env)->welcome;
  const PskSecretFor psk_secret = [&](const GroupSecrets& secrets) {
    std::vector<KnownPsk> known;
    for (const PskId& id : secrets.psks)
      known.push_back({id, SecretBytes(Bytes(32, 1))});
    return derive_psk_secret(*find_suite(world.suite), known);
  };
  expect_cost_in_proportion(2'000, [&](std::size_t n) {
    OpenWelcome open = open_welcome(welcome, bundle, psk_secret);
    for (const Proposal& p : psks(n))
      open.secrets.psks.push_back(p.as<PreSharedKey>()->psk);
    return [&, message = seal_welcome(*find_suite(world.suite), open, clients[0].identity.keys,
                                      bundle.key_package, psk_secret, world.random)] {
      ASSERT_EQ(outcome(Group::join(message, bundle, dave.identity.clone(), {}, env)),
                "confirmation_tag_invalid");
    };
  });
}

TEST_F(CostOfChecks, ExtensionsOfALeafThatAreListedInItsCapabilities) {
  expect_cost_in_proportion(kTypes, [&](std::size_t n) {
    KeyPackage package = dave.package().key_package;
    LeafNode& leaf = package.leaf_node;
    leaf.capabilities.extensions = types<ExtensionType>(n);
    for (const ExtensionType type : leaf.capabilities.extensions)
      leaf.extensions.push_back({type, {}});
    sign_leaf(leaf, dave.identity.keys, {});
    sign_key_package(package, dave.identity.keys);
    return [&, package] { ASSERT_EQ(outcome(validate_key_package(package, env)), "accepted"); };
  });
}

TEST_F(CostOfChecks, ExtensionsOfAKeyPackageThatIsMade) {
  expect_cost_in_proportion(kTypes, [&](std::size_t n) {
    KeyPackageOptions options;
    for (const ExtensionType type : types<ExtensionType>(n))
      options.extensions.push_back({type, {}});
    return [&, options] {
      ASSERT_TRUE(make_key_package(world.suite, dave.identity, world.lifetime(), options, env));
    };
  });
}

TEST_F(CostOfChecks, RequiredCapabilitiesThatMembersHave) {
  expect_cost_in_proportion(kTypes, [&](std::size_t n) {
    Capabilities all = Capabilities::standard();
    all.extensions = types<ExtensionType>(n);
    all.proposals = types<ProposalType>(n);
    regroup_with(all);
    RequiredCapabilities required;
    required.extensions = all.extensions;
    required.proposals = all.proposals;
    return applying({Proposal::group_context_extensions({required.to_extension()})});
  });
}

TEST_F(CostOfChecks, GroupExtensionsThatMembersSupport) {
  expect_cost_in_proportion(kTypes, [&](std::size_t n) {
    Capabilities all = Capabilities::standard();
    all.extensions = types<ExtensionType>(n);
    regroup_with(all);
    Extensions extensions;
    for (const ExtensionType type : all.extensions)
      extensions.push_back({type, {}});
    return applying({Proposal::group_context_extensions(extensions)});
  });
}

TEST_F(CostOfChecks, CustomProposalsThatMembersSupport) {
  expect_cost_in_proportion(kTypes, [&](std::size_t n) {
    Capabilities all = Capabilities::standard();
    all.proposals = types<ProposalType>(n);
    regroup_with(all);
    std::vector<Proposal> proposals;
    for (const ProposalType type : all.proposals)
      proposals.push_back(Proposal::custom(type, {}));
    return applying(proposals);
  });
}

TEST_F(CostOfChecks, CustomProposalsOfOneTypeInALargeGroup) {
  Capabilities all = Capabilities::standard();
  all.proposals = {kCustom};
  expect_cost_in_proportion(4'000, [&](std::size_t n) {
    regroup_with(all);
    RatchetTree& tree = alice.internals().current.tree;
    for (std::size_t i = tree.member_count(); i < n; ++i) {
      auto leaf = leaf_with_key(key_number(i), key_number(i));
      leaf->capabilities = all;
      tree.add_leaf(*leaf);
    }
    return applying(std::vector<Proposal>(n, Proposal::custom(kCustom, {})));
  });
}

TEST_F(CostOfChecks, CredentialTypesInUse) {
  expect_cost_in_proportion(kTypes, [&](std::size_t n) {
    std::vector<std::shared_ptr<const LeafNode>> leaves;
    for (const CredentialType type : types<CredentialType>(n)) {
      auto leaf = leaf_with_key(key_number(leaves.size()), key_number(leaves.size()));
      leaf->credential.type = type;
      leaf->capabilities.credentials = {types<CredentialType>(1)[0]};
      if (leaves.empty()) leaf->capabilities.credentials = types<CredentialType>(n);
      leaves.push_back(std::move(leaf));
    }
    return [tree = RatchetTree(std::move(leaves), {})] {
      const LeafIndex changed[] = {{0}};
      ASSERT_TRUE(check_leaves_together(tree, changed));
    };
  });
}

TEST_F(CostOfChecks, KeysOfATreeThatCollideInAHashTable) {
  expect_cost_in_proportion(8'192, [&](std::size_t n) {
    std::vector<std::shared_ptr<const LeafNode>> leaves;
    std::vector<std::shared_ptr<const ParentNode>> parents;
    for (std::size_t i = 0; i < n; ++i) {
      leaves.push_back(leaf_with_key(colliding_key(i), colliding_key(i)));
      if (i > 0) parents.push_back(std::make_shared<ParentNode>(ParentNode{colliding_key(n + i), {}, {}}));
    }
    return [this, tree = RatchetTree(std::move(leaves), std::move(parents))] {
      ASSERT_TRUE(check_parent_keys(*find_suite(world.suite), tree));
      ASSERT_TRUE(check_leaves_together(tree, member_leaves(tree)));
    };
  });
}

TEST_F(CostOfChecks, ReferencesToProposalsThatWait) {
  GroupConfig config;
  config.max_cached_proposals = 10'000;
  expect_cost_in_proportion(250, [&](std::size_t n) {
    regroup(config);
    std::vector<Bytes> references;
    for (std::size_t i = 0; i < n; ++i) {
      references.push_back(key_number(i));
      bob.internals().proposals.push_back(
          {references.back(), Sender::member(alice.own_leaf()), Proposal::custom(kCustom, {}), {}});
    }
    return processing(forge_commit(world, alice,
                                   [&](Commit& c) {
                                     for (std::size_t i = 0; i < 20 * n; ++i)
                                       c.proposals.push_back({references.back()});
                                   }),
                      "proposal_type_unsupported");
  });
}

TEST_F(CostOfChecks, ChoosingAmongProposalsOneOfWhichIsOfNoUse) {
  expect_cost_in_proportion(150, [&](std::size_t n) {
    regroup();
    for (const Proposal& p : psks(n))
      alice.internals().proposals.push_back(
          {p.as<PreSharedKey>()->psk.nonce, Sender::member(bob.own_leaf()), p, {}});
    // The policy lets it pass at its receipt, and no member supports its type.
    alice.internals().proposals.insert(
        alice.internals().proposals.begin(),
        {Bytes(32, 1), Sender::member(bob.own_leaf()), Proposal::custom(kCustom, {}), {}});
    return [this, n, group = snapshot(alice)] {
      const auto made = group->commit({}, env);
      ASSERT_TRUE(made);
      ASSERT_EQ(made->pending.change().psks.size(), n);
    };
  });
}

TEST_F(CostOfChecks, ChoosingAmongProposalsThatAreAllOfNoUse) {
  expect_cost_in_proportion(500, [&](std::size_t n) {
    regroup();
    for (const Proposal& p : psks(n))
      alice.internals().proposals.push_back(
          {p.as<PreSharedKey>()->psk.nonce, Sender::member(bob.own_leaf()), p, {}});
    return [this, group = snapshot(alice)] {
      const auto made = group->commit({}, world.env);  // where no PSK is known
      ASSERT_TRUE(made);
      ASSERT_TRUE(made->pending.change().psks.empty());
    };
  });
}

TEST_F(CostOfChecks, Adds) {
  const KeyPackage package = dave.package().key_package;
  expect_cost_in_proportion(4'000, [&](std::size_t n) {
    std::vector<Proposal> adds;
    for (std::size_t i = 0; i < n; ++i) {
      KeyPackage another = package;
      another.leaf_node.encryption_key = key_number(2 * i);
      another.leaf_node.signature_key = key_number(2 * i);
      adds.push_back(Proposal::add(another));
    }
    return applying(adds);
  });
}

TEST_F(CostOfChecks, RemovesAndUpdatesInALargeGroup) {
  expect_cost_in_proportion(4'096, [&](std::size_t n) {
    regroup();
    enlarge(alice, n);
    std::vector<Proposal> proposals;
    std::vector<LeafIndex> senders;
    for (std::uint32_t i = 3; i < n; ++i) {
      if (i % 2 == 0) {
        proposals.push_back(Proposal::remove({i}));
      } else {
        auto leaf = leaf_with_key(key_number(n + i), key_number(i));
        leaf->source = LeafNodeSource::update;
        proposals.push_back({Update{*leaf}});
      }
      senders.push_back({i});
    }
    return applying(proposals, senders);
  });
}

/// Two members at the ends of the tree, one of which has made a path, and then all others join: the root
/// lists every one of them as unmerged.
RatchetTree tree_with_unmerged_leaves(TestWorld& world, std::size_t n) {
  RatchetTree tree;
  const Suite& suite = *find_suite(world.suite);
  std::vector<std::shared_ptr<const LeafNode>> ends(n);
  ends.front() = leaf_with_key(key_number(1), key_number(1));
  ends.back() = leaf_with_key(key_number(2), key_number(2));
  tree = RatchetTree(ends, {});
  PrivateKeys keys({0}, generate_hpke_key_pair(suite, world.random));
  renew_path(suite, tree, keys, *ends.front(), SignatureKeyPair::generate(world.random), {}, world.random);
  return tree;
}

TEST_F(CostOfChecks, AddsBelowAKeyThatListsThemAsUnmerged) {
  expect_cost_in_proportion(4'096, [&](std::size_t n) {
    const RatchetTree before = tree_with_unmerged_leaves(world, n);
    const LeafNode leaf = *leaf_with_key(key_number(3), key_number(3));
    return [=] {
      RatchetTree tree = before;
      tree.add_leaves(std::vector<const LeafNode*>(n - 2, &leaf));
      ASSERT_EQ(tree.parents()[n / 2 - 1]->unmerged_leaves.size(), n - 2);
    };
  });
}

TEST_F(CostOfChecks, UnmergedLeavesOfATree) {
  expect_cost_in_proportion(4'096, [&](std::size_t n) {
    RatchetTree tree = tree_with_unmerged_leaves(world, n);
    std::vector<std::shared_ptr<LeafNode>> leaves;
    std::vector<const LeafNode*> pointers;
    for (std::size_t i = 2; i < n; ++i) {
      leaves.push_back(leaf_with_key(key_number(2 * i), key_number(2 * i)));
      pointers.push_back(leaves.back().get());
    }
    tree.add_leaves(pointers);
    return [=] {
      RatchetTree fresh(tree.leaves(), tree.parents());  // without the hashes that are known
      ASSERT_TRUE(check_unmerged_leaves(fresh));
      ASSERT_TRUE(check_parent_hashes(fresh));
    };
  });
}

}  // namespace
}  // namespace sotto::mls
