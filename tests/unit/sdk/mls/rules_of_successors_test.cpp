// One rule at a time for those who join a reinitialised group or a branch (RFC 9420 §11.2, §11.3, §12.4.3.1).
#include "sdk/mls/src/crypto/hash.hpp"
#include "tests/unit/sdk/mls/hostile_member.hpp"

namespace sotto::mls {
namespace {

/// To whom everybody is everybody: makes successors that others must not join.
struct Careless final : AcceptEveryCredential {
  [[nodiscard]] Bytes identity_of(const LeafNode&) const override { return {}; }
};

/// Knows the resumption PSK of the old group by itself, without the group in hand.
struct KnowsResumption final : PskSource {
  explicit KnowsResumption(const Group& g) : group(g) {}
  [[nodiscard]] std::optional<SecretBytes> external_psk(ByteView) const override { return {}; }
  [[nodiscard]] std::optional<SecretBytes> resumption_psk(ByteView, Epoch epoch) const override {
    return group.resumption_psk(epoch);
  }
  const Group& group;
};

struct SuccessorRules : testing::Test {
  TestWorld world;
  std::vector<TestClient> clients = clients_named(world, {"alice", "bob", "carol"});
  std::vector<Group> groups = group_of(world, clients);
  Careless careless;
  Environment careless_env{world.random, world.env.now, careless, &world.psks};
  KeyPackageBundle bob = clients[1].package();
  Bytes welcome;

  void reinit(const std::vector<std::size_t>& with, CipherSuite suite = kDefaultSuite) {
    ReInit next;
    next.group_id = {1, 2, 3};
    next.cipher_suite = suite;
    CommitOptions options;
    options.proposals = {Proposal::reinit(next)};
    ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[1], &groups[2]}, options));
    world.suite = suite;
    bob = clients[1].package();
    welcome = groups[0].reinitialize(packages(with), clients[0].identity.clone(), {}, careless_env)->welcome;
  }
  void branch() {
    welcome =
        groups[0]
            .branch(as_bytes("branch"), {}, packages({1}), clients[0].identity.clone(), {}, careless_env)
            ->welcome;
  }
  std::vector<KeyPackage> packages(const std::vector<std::size_t>& who) {
    std::vector<KeyPackage> out;
    for (const std::size_t i : who)
      out.push_back(i == 1 ? bob.key_package : clients[i].package().key_package);
    return out;
  }
  std::string join(const Bytes& message, const Group* old, const PskSource* psks = nullptr) {
    JoinOptions options;
    options.old_group = old;
    const Environment env{world.random, world.env.now, world.policy, psks};
    return outcome(Group::join(message, bob, clients[1].identity.clone(), options, env));
  }
  std::string join() { return join(welcome, &groups[1]); }

  /// The Welcome with its secrets and its GroupContext changed, everything that depends on them made again.
  std::string forged(const std::function<void(GroupSecrets&, GroupContext&)>& change) {
    const Suite& suite = *find_suite(world.suite);
    const PskSecretFor psks = [&](const GroupSecrets& secrets) { return psk_secret(secrets); };
    OpenWelcome open = open_welcome(welcome, bob, psks);
    change(open.secrets, open.info.context);
    const DerivedEpoch epoch =
        derive_epoch(suite, open.secrets.joiner_secret, psk_secret(open.secrets), encode(open.info.context));
    open.info.confirmation_tag =
        mac(suite, epoch.secrets.confirmation_key.view(), open.info.context.confirmed_transcript_hash);
    return join(seal_welcome(suite, open, clients[0].identity.keys, bob.key_package, psks, world.random),
                &groups[1]);
  }
  SecretBytes psk_secret(const GroupSecrets& secrets) {
    std::vector<KnownPsk> known;
    for (const PskId& id : secrets.psks)
      known.push_back({id, *groups[1].resumption_psk(id.epoch)});
    return derive_psk_secret(*find_suite(world.suite), known);
  }
};

TEST_F(SuccessorRules, ForgedWelcomesThatBreakNoRuleAreAccepted) {
  branch();
  EXPECT_EQ(forged([](GroupSecrets&, GroupContext&) {}), "accepted");
  reinit({1, 2});
  EXPECT_EQ(forged([](GroupSecrets&, GroupContext&) {}), "accepted");
}
TEST_F(SuccessorRules, AWelcomeNamesOneSuccessorPskOnly) {
  branch();
  EXPECT_EQ(forged([](GroupSecrets& s, GroupContext&) {
              s.psks.push_back(s.psks[0]);
              s.psks[1].nonce[0] ^= 1;
            }),
            "welcome_psk_not_alone");
}
TEST_F(SuccessorRules, ASuccessorStartsAtEpoch1) {
  branch();
  EXPECT_EQ(forged([](GroupSecrets&, GroupContext& c) { c.epoch = {2}; }), "successor_epoch_invalid");
  reinit({1, 2});
  EXPECT_EQ(forged([](GroupSecrets&, GroupContext& c) { c.epoch = {2}; }), "successor_epoch_invalid");
}
TEST_F(SuccessorRules, TheOldGroupIsInHand) {
  branch();
  const KnowsResumption psks(groups[1]);
  EXPECT_EQ(join(welcome, nullptr, &psks), "successor_group_unknown");
}
TEST_F(SuccessorRules, AReinitPskBelongsToAGroupThatWasReinitialised) {
  branch();
  EXPECT_EQ(forged([](GroupSecrets& s, GroupContext&) { s.psks[0].usage = ResumptionUsage::reinit; }),
            "successor_group_unknown");
}
TEST_F(SuccessorRules, AReinitialisedGroupIsTheOneThatWasAnnounced) {
  reinit({1, 2});
  EXPECT_EQ(forged([](GroupSecrets&, GroupContext& c) {
              c.extensions.push_back(RequiredCapabilities{}.to_extension());
            }),
            "successor_parameters_mismatch");
}
TEST_F(SuccessorRules, ABranchKeepsTheCipherSuite) {
  reinit({1, 2}, CipherSuite{1});
  EXPECT_EQ(join(), "accepted");
  EXPECT_EQ(forged([](GroupSecrets& s, GroupContext&) { s.psks[0].usage = ResumptionUsage::branch; }),
            "successor_parameters_mismatch");
}
TEST_F(SuccessorRules, AReinitialisedGroupHasEveryOldMember) {
  reinit({1});
  EXPECT_EQ(join(), "successor_members_mismatch");
}
TEST_F(SuccessorRules, AReinitialisedGroupHasNoOtherMember) {
  clients.emplace_back(world, "mallory");
  reinit({1, 2, 3});
  EXPECT_EQ(join(), "successor_members_mismatch");
}
TEST_F(SuccessorRules, ABranchHasOldMembersOnly) {
  clients.emplace_back(world, "mallory");
  welcome =
      groups[0]
          .branch(as_bytes("branch"), {}, packages({1, 3}), clients[0].identity.clone(), {}, careless_env)
          ->welcome;
  EXPECT_EQ(join(), "successor_members_mismatch");
}

}  // namespace
}  // namespace sotto::mls
