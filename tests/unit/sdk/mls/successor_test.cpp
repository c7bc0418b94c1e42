// Reinitialised and branched groups (RFC 9420 §11.2, §11.3).
#include <gtest/gtest.h>

#include "tests/unit/sdk/mls/test_client.hpp"

namespace sotto::mls {
namespace {

struct Successors : testing::Test {
  TestWorld world;
  std::vector<TestClient> clients = clients_named(world, {"alice", "bob", "carol"});
  std::vector<Group> groups = group_of(world, clients);
  KeyPackageBundle bob = clients[1].package();
  KeyPackageBundle carol = clients[2].package();

  void reinit_to(CipherSuite suite) {
    ReInit reinit;
    reinit.group_id = {1, 2, 3};
    reinit.cipher_suite = suite;
    CommitOptions options;
    options.proposals = {Proposal::reinit(reinit)};
    options.force_path = false;
    const auto change = commit_to_all(world, groups[0], {&groups[1], &groups[2]}, options);
    ASSERT_TRUE(change) << to_string(change.error().code);
    EXPECT_TRUE(change->reinit);
    world.suite = suite;
    bob = clients[1].package();
    carol = clients[2].package();
  }
  Result<Group> join(const Bytes& welcome, const KeyPackageBundle& bundle, std::size_t who,
                     const Group* old) {
    JoinOptions options;
    options.old_group = old;
    return Group::join(welcome, bundle, clients[who].identity.clone(), options, world.env);
  }
};

TEST_F(Successors, AReinitialisedGroupTakesEverybodyAlongToANewSuite) {
  reinit_to(CipherSuite{1});
  EXPECT_FALSE(groups[0].active());
  EXPECT_EQ(groups[1].protect(as_bytes("x"), {}, world.env).error().code, ErrorCode::group_not_active);
  auto made = groups[1].reinitialize({carol.key_package, clients[0].package().key_package},
                                     clients[1].identity.clone(), {}, world.env);
  ASSERT_TRUE(made) << to_string(made.error().code) << made.error().message;
  EXPECT_EQ(made->group.epoch().value, 1u);
  auto joined = join(made->welcome, carol, 2, &groups[2]);
  ASSERT_TRUE(joined) << to_string(joined.error().code) << joined.error().message;
  EXPECT_EQ(joined->cipher_suite(), CipherSuite{1});
  EXPECT_TRUE(joined->epoch_authenticator() == made->group.epoch_authenticator());
}

TEST_F(Successors, AReinitialisedGroupWithoutOneOfItsMembersIsNotMade) {
  reinit_to(kDefaultSuite);
  const auto made = groups[0].reinitialize({bob.key_package}, clients[0].identity.clone(), {}, world.env);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::successor_members_mismatch);
}

TEST_F(Successors, AReinitialisedGroupWithAStrangerIsNotMade) {
  reinit_to(kDefaultSuite);
  TestClient dave(world, "dave");
  const auto made = groups[0].reinitialize({bob.key_package, carol.key_package, dave.package().key_package},
                                           clients[0].identity.clone(), {}, world.env);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::successor_members_mismatch);
}

TEST_F(Successors, WhoStartsASuccessorStaysWhoItWas) {
  TestClient dave(world, "dave");
  const auto branch =
      groups[0].branch(as_bytes("branch"), {}, {bob.key_package}, dave.identity.clone(), {}, world.env);
  ASSERT_FALSE(branch);
  EXPECT_EQ(branch.error().code, ErrorCode::successor_members_mismatch);
  reinit_to(kDefaultSuite);
  const auto reinitialised =
      groups[0].reinitialize({bob.key_package, carol.key_package, clients[0].package().key_package},
                             dave.identity.clone(), {}, world.env);
  ASSERT_FALSE(reinitialised);
  EXPECT_EQ(reinitialised.error().code, ErrorCode::successor_members_mismatch);
}

TEST_F(Successors, ABranchIsJoinedByItsMembersWithTheOldGroupInHand) {
  auto made =
      groups[0].branch(as_bytes("branch"), {}, {bob.key_package}, clients[0].identity.clone(), {}, world.env);
  ASSERT_TRUE(made) << to_string(made.error().code) << made.error().message;
  EXPECT_EQ(join(made->welcome, bob, 1, nullptr).error().code, ErrorCode::psk_unknown);
  auto joined = join(made->welcome, bob, 1, &groups[1]);
  ASSERT_TRUE(joined) << to_string(joined.error().code) << joined.error().message;
  EXPECT_TRUE(joined->epoch_authenticator() == made->group.epoch_authenticator());
  EXPECT_TRUE(groups[0].active());
}

TEST_F(Successors, ABranchWithAStrangerIsNotMade) {
  TestClient dave(world, "dave");
  const auto made = groups[0].branch(as_bytes("branch"), {}, {dave.package().key_package},
                                     clients[0].identity.clone(), {}, world.env);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::successor_members_mismatch);
}

TEST_F(Successors, AReinitPskIsOfNoUseInAnOrdinaryCommit) {
  PskId id =
      Proposal::resumption_psk(groups[0].group_id(), groups[0].epoch(), world.random).as<PreSharedKey>()->psk;
  id.usage = ResumptionUsage::reinit;
  CommitOptions options;
  options.proposals = {{PreSharedKey{id}}};
  EXPECT_EQ(groups[0].commit(options, world.env).error().code, ErrorCode::psk_usage_invalid);
}

}  // namespace
}  // namespace sotto::mls
