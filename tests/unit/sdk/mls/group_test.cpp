#include "sotto/mls/group.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "tests/unit/sdk/mls/test_client.hpp"

namespace sotto::mls {
namespace {

void expect_agreement(const std::vector<Group*>& groups) {
  const Group& first = *groups.front();
  for (Group* g : groups) {
    EXPECT_EQ(g->epoch(), first.epoch());
    EXPECT_EQ(g->tree_hash(), first.tree_hash());
    EXPECT_TRUE(g->epoch_authenticator() == first.epoch_authenticator());
    EXPECT_TRUE(*g->export_secret("test", as_bytes("c"), 48) ==
                *first.export_secret("test", as_bytes("c"), 48));
  }
}

void expect_everybody_talks(TestWorld& world, const std::vector<Group*>& groups) {
  for (Group* from : groups) {
    const auto sealed = from->protect(as_bytes("hello"), {}, world.env);
    ASSERT_TRUE(sealed) << sealed.error().message;
    for (Group* to : groups) {
      if (to == from) continue;
      const auto opened = to->unprotect(*sealed, world.env);
      ASSERT_TRUE(opened) << to_string(opened.error().code) << opened.error().message;
      EXPECT_EQ(as_text(opened->data), "hello");
      EXPECT_EQ(opened->sender, from->own_leaf());
      EXPECT_EQ(opened->credential, from->identity().credential);
    }
  }
}

class Groups : public testing::TestWithParam<std::tuple<CipherSuite, HandshakeFormat>> {
 protected:
  Groups() {
    world.suite = std::get<0>(GetParam());
    config.handshake = std::get<1>(GetParam());
  }
  TestWorld world;
  GroupConfig config;
};
INSTANTIATE_TEST_SUITE_P(SuiteAndFormat, Groups,
                         testing::Combine(testing::Values(CipherSuite{1}, CipherSuite{3}),
                                          testing::Values(HandshakeFormat::public_message,
                                                          HandshakeFormat::private_message)));

TEST_P(Groups, ThreeJoinByOneWelcomeAndEverybodyTalks) {
  auto clients = clients_named(world, {"alice", "bob", "carol"});
  auto groups = group_of(world, clients, config);
  const std::vector<Group*> all{&groups[0], &groups[1], &groups[2]};
  expect_agreement(all);
  expect_everybody_talks(world, all);
}

TEST_P(Groups, UpdatesRemovesAndAddsByReferenceAreCommittedByAThird) {
  auto clients = clients_named(world, {"alice", "bob", "carol", "dave", "erin"});
  auto groups = group_of(world, clients, config);
  TestClient frank(world, "frank");
  const KeyPackageBundle package = frank.package();

  const auto update = groups[1].propose_update(nullptr, {}, world.env);
  ASSERT_TRUE(update) << update.error().message;
  const auto remove = groups[2].propose(Proposal::remove(groups[3].own_leaf()), {}, world.env);
  ASSERT_TRUE(remove);
  const auto add = groups[4].propose(Proposal::add(package.key_package), {}, world.env);
  ASSERT_TRUE(add);
  const std::pair<std::size_t, const Bytes*> sent[] = {{1, &*update}, {2, &*remove}, {4, &*add}};
  for (const auto& [from, message] : sent) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (i == from) continue;
      const auto done = groups[i].process(*message, world.env);
      ASSERT_TRUE(done) << i << to_string(done.error().code) << done.error().message;
      EXPECT_NE(done->as<ProposalReceived>(), nullptr);
    }
  }
  std::optional<Bytes> welcome;
  const auto change =
      commit_to_all(world, groups[0], {&groups[1], &groups[2], &groups[3], &groups[4]}, {}, &welcome);
  ASSERT_TRUE(change) << to_string(change.error().code) << change.error().message;
  ASSERT_EQ(change->members.size(), 4u);
  EXPECT_EQ(change->members[0].kind, MemberChange::Kind::updated);
  EXPECT_EQ(change->members[1].kind, MemberChange::Kind::removed);
  EXPECT_EQ(change->members[2].kind, MemberChange::Kind::added);
  EXPECT_EQ(change->members[2].leaf, groups[3].own_leaf()) << "the leftmost blank leaf is used again";
  EXPECT_FALSE(groups[3].active());
  EXPECT_EQ(groups[3].protect(as_bytes("x"), {}, world.env).error().code, ErrorCode::group_not_active);

  JoinOptions join;
  join.config = config;
  auto joined = Group::join(*welcome, package, frank.identity.clone(), join, world.env);
  ASSERT_TRUE(joined) << to_string(joined.error().code) << joined.error().message;
  const std::vector<Group*> all{&groups[0], &groups[1], &groups[2], &groups[4], &*joined};
  expect_agreement(all);
  expect_everybody_talks(world, all);
}

TEST_P(Groups, AnOutsiderLetsItselfInAndAMemberComesBackInItsOldPlace) {
  auto clients = clients_named(world, {"alice", "bob", "carol"});
  auto groups = group_of(world, clients, config);
  TestClient dave(world, "dave");
  ExternalJoinOptions options;
  options.config = config;
  auto joined = Group::join_external(*groups[1].group_info({}), dave.identity.clone(), options, world.env);
  ASSERT_TRUE(joined) << to_string(joined.error().code) << joined.error().message;
  for (Group& g : groups) {
    const auto done = g.process(joined->commit, world.env);
    ASSERT_TRUE(done) << to_string(done.error().code) << done.error().message;
    EXPECT_EQ(done->as<EpochChange>()->committer.type, SenderType::new_member_commit);
  }
  groups.push_back(std::move(joined->group));
  expect_agreement({&groups[0], &groups[1], &groups[2], &groups[3]});

  // Bob lost his state: he lets himself in and puts his old self out.
  ExternalJoinOptions again;
  again.config = config;
  again.replaces = groups[1].own_leaf();
  auto back = Group::join_external(*groups[3].group_info({}), clients[1].identity.clone(), again, world.env);
  ASSERT_TRUE(back) << to_string(back.error().code) << back.error().message;
  EXPECT_EQ(back->group.own_leaf(), groups[1].own_leaf());
  EXPECT_EQ(back->group.process(back->commit, world.env).error().code, ErrorCode::own_message);
  for (Group& g : groups) {
    const auto done = g.process(back->commit, world.env);
    ASSERT_TRUE(done) << to_string(done.error().code) << done.error().message;
    EXPECT_EQ(done->as<EpochChange>()->removed_me, &g == &groups[1]);
  }
  const std::vector<Group*> all{&groups[0], &back->group, &groups[2], &groups[3]};
  expect_agreement(all);
  expect_everybody_talks(world, all);
}

TEST_P(Groups, AMemberTakesANewSignatureKeyWithACommitAndWelcomesWithIt) {
  auto clients = clients_named(world, {"alice", "bob"});
  auto groups = group_of(world, clients, config);
  Identity fresh{Credential::basic(as_bytes("alice")), SignatureKeyPair::generate(world.random)};
  TestClient carol(world, "carol");
  const KeyPackageBundle package = carol.package();
  CommitOptions options;
  options.new_identity = &fresh;
  options.force_path = false;
  options.proposals = {Proposal::add(package.key_package)};
  std::optional<Bytes> welcome;
  const auto change = commit_to_all(world, groups[0], {&groups[1]}, options, &welcome);
  ASSERT_TRUE(change) << to_string(change.error().code) << change.error().message;
  EXPECT_EQ(groups[1].member(groups[0].own_leaf())->signature_key, fresh.keys.public_key());
  JoinOptions join;
  join.config = config;
  auto joined = Group::join(*welcome, package, carol.identity.clone(), join, world.env);
  ASSERT_TRUE(joined) << to_string(joined.error().code) << joined.error().message;
  const std::vector<Group*> all{&groups[0], &groups[1], &*joined};
  expect_agreement(all);
  expect_everybody_talks(world, all);
}

TEST_P(Groups, AMemberTakesANewSignatureKeyWithAnUpdate) {
  auto clients = clients_named(world, {"alice", "bob", "carol"});
  auto groups = group_of(world, clients, config);
  const Identity fresh{Credential::basic(as_bytes("bob")), SignatureKeyPair::generate(world.random)};
  const auto update = groups[1].propose_update(&fresh, {}, world.env);
  ASSERT_TRUE(update);
  ASSERT_TRUE(groups[0].process(*update, world.env));
  ASSERT_TRUE(groups[2].process(*update, world.env));
  ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[1], &groups[2]}, {}));
  EXPECT_EQ(groups[1].identity().keys.public_key(), fresh.keys.public_key());
  const std::vector<Group*> all{&groups[0], &groups[1], &groups[2]};
  expect_agreement(all);
  expect_everybody_talks(world, all);
}

TEST_P(Groups, ExternalAndResumptionPsksAreMixedIn) {
  auto clients = clients_named(world, {"alice", "bob"});
  auto groups = group_of(world, clients, config);
  world.psks.external[{1, 2}] = Bytes(32, 9);
  const Epoch first = groups[0].epoch();
  ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[1]}, {}));
  CommitOptions options;
  options.force_path = false;
  options.proposals = {Proposal::external_psk(Bytes{1, 2}, world.random),
                       Proposal::resumption_psk(groups[0].group_id(), first, world.random)};
  const auto change = commit_to_all(world, groups[0], {&groups[1]}, options);
  ASSERT_TRUE(change) << to_string(change.error().code);
  EXPECT_EQ(change->psks.size(), 2u);
  expect_agreement({&groups[0], &groups[1]});
}

TEST_P(Groups, GroupExtensionsAreReplaced) {
  auto clients = clients_named(world, {"alice", "bob"});
  auto groups = group_of(world, clients, config);
  TestClient service(world, "service");
  CommitOptions options;
  options.proposals = {Proposal::group_context_extensions(
      {make_external_senders({{service.identity.keys.public_key(), service.identity.credential}})})};
  const auto change = commit_to_all(world, groups[0], {&groups[1]}, options);
  ASSERT_TRUE(change) << to_string(change.error().code);
  EXPECT_TRUE(change->extensions_changed);

  const auto removal = make_external_proposal(world.suite, groups[0].group_id(), groups[0].epoch(), 0,
                                              service.identity.keys, Proposal::remove(groups[1].own_leaf()));
  ASSERT_TRUE(removal);
  for (Group& g : groups)
    ASSERT_TRUE(g.process(*removal, world.env));
  const auto removed = commit_to_all(world, groups[0], {&groups[1]}, {});
  ASSERT_TRUE(removed) << to_string(removed.error().code);
  EXPECT_FALSE(groups[1].active());
  EXPECT_EQ(groups[0].member_count(), 1u);
}

TEST_P(Groups, TheGroupStaysWhereItIsUntilItsCommitIsAdopted) {
  auto clients = clients_named(world, {"alice", "bob"});
  auto groups = group_of(world, clients, config);
  const Epoch before = groups[0].epoch();
  auto lost = groups[0].commit({}, world.env);
  ASSERT_TRUE(lost);
  EXPECT_EQ(groups[0].epoch(), before);
  EXPECT_EQ(groups[0].process(lost->message, world.env).error().code, ErrorCode::own_message);
  EXPECT_TRUE(lost->pending.is(lost->message));

  // Bob's commit won.
  auto won = groups[1].commit({}, world.env);
  ASSERT_TRUE(groups[0].process(won->message, world.env));
  ASSERT_TRUE(groups[1].adopt(std::move(won->pending), world.env));
  EXPECT_EQ(groups[0].adopt(std::move(lost->pending), world.env).error().code, ErrorCode::pending_outdated);
  EXPECT_EQ(groups[1].process(lost->message, world.env).error().code, ErrorCode::wrong_epoch);
  expect_agreement({&groups[0], &groups[1]});
}

TEST_P(Groups, LateMessagesOfPastEpochsOpenWithTheKeysOfTheirEpoch) {
  auto clients = clients_named(world, {"alice", "bob"});
  config.max_past_epochs = 2;
  auto groups = group_of(world, clients, config);
  const auto late = groups[0].protect(as_bytes("late"), {}, world.env);
  const auto too_late = groups[0].protect(as_bytes("too late"), {}, world.env);
  Identity fresh{Credential::basic(as_bytes("alice")), SignatureKeyPair::generate(world.random)};
  CommitOptions rotate;
  rotate.new_identity = &fresh;
  ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[1]}, rotate));
  ASSERT_TRUE(commit_to_all(world, groups[1], {&groups[0]}, {}));
  const auto opened = groups[1].unprotect(*late, world.env);
  ASSERT_TRUE(opened) << to_string(opened.error().code);
  EXPECT_EQ(opened->signature_key, clients[0].identity.keys.public_key());
  EXPECT_EQ(groups[1].unprotect(*late, world.env).error().code, ErrorCode::generation_unavailable);
  ASSERT_TRUE(commit_to_all(world, groups[1], {&groups[0]}, {}));
  EXPECT_EQ(groups[1].unprotect(*too_late, world.env).error().code, ErrorCode::epoch_unavailable);
}

TEST_P(Groups, PastEpochsAreForgottenWithTime) {
  auto clients = clients_named(world, {"alice", "bob"});
  auto groups = group_of(world, clients, config);
  const auto late = groups[0].protect(as_bytes("late"), {}, world.env);
  ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[1]}, {}));
  world.now += config.max_past_epoch_age + Milliseconds(1);
  EXPECT_EQ(groups[1].unprotect(*late, world.env).error().code, ErrorCode::epoch_unavailable);
}

TEST_P(Groups, EveryDamagedCommitIsRefusedAndChangesNothing) {
  auto clients = clients_named(world, {"alice", "bob", "carol"});
  auto groups = group_of(world, clients, config);
  auto made = groups[0].commit({}, world.env);
  const SecretBytes before = groups[1].save();
  for (std::size_t i = 0; i < made->message.size(); ++i) {
    Bytes bad = made->message;
    bad[i] ^= 0x01;
    EXPECT_FALSE(groups[1].process(bad, world.env)) << "byte " << i;
    ASSERT_TRUE(groups[1].save() == before) << "byte " << i;
  }
  for (std::size_t n = 0; n < made->message.size(); ++n)
    EXPECT_FALSE(groups[1].process(ByteView(made->message).first(n), world.env)) << n << " bytes";
  ASSERT_TRUE(groups[1].save() == before);
  EXPECT_TRUE(groups[1].process(made->message, world.env));
}

TEST_P(Groups, AMessageOpensAfterItsDamagedCopyDidNot) {
  auto clients = clients_named(world, {"alice", "bob"});
  auto groups = group_of(world, clients, config);
  const auto sealed = groups[0].protect(as_bytes("text"), {}, world.env);
  Bytes bad = *sealed;
  bad.back() ^= 1;
  EXPECT_EQ(groups[1].unprotect(bad, world.env).error().code, ErrorCode::decryption_failed);
  EXPECT_TRUE(groups[1].unprotect(*sealed, world.env));
}

TEST_P(Groups, AWelcomeWithoutATreeNeedsOneFromElsewhere) {
  auto clients = clients_named(world, {"alice", "bob"});
  Group alice = clients[0].create("group", config);
  const KeyPackageBundle package = clients[1].package();
  CommitOptions options;
  options.proposals = {Proposal::add(package.key_package)};
  options.tree_in_welcome = false;
  auto made = alice.commit(options, world.env);
  ASSERT_TRUE(alice.adopt(std::move(made->pending), world.env));
  EXPECT_EQ(Group::join(*made->welcome, package, clients[1].identity.clone(), {}, world.env).error().code,
            ErrorCode::tree_missing);
  JoinOptions join;
  join.ratchet_tree = alice.ratchet_tree();
  EXPECT_TRUE(Group::join(*made->welcome, package, clients[1].identity.clone(), join, world.env));
}

TEST_P(Groups, AGroupOfOneCommitsAndGoesOn) {
  auto clients = clients_named(world, {"alice", "bob"});
  Group alice = clients[0].create("group", config);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(commit_to_all(world, alice, {}, {}));
  EXPECT_EQ(alice.epoch().value, 3u);
  const KeyPackageBundle package = clients[1].package();
  CommitOptions options;
  options.proposals = {Proposal::add(package.key_package)};
  std::optional<Bytes> welcome;
  ASSERT_TRUE(commit_to_all(world, alice, {}, options, &welcome));
  JoinOptions join;
  join.config = config;
  auto bob = Group::join(*welcome, package, clients[1].identity.clone(), join, world.env);
  ASSERT_TRUE(bob) << to_string(bob.error().code) << bob.error().message;
  expect_everybody_talks(world, {&alice, &*bob});
}

TEST(Padding, PlaintextsArePaddedToWholeBlocks) {
  TestWorld world;
  auto clients = clients_named(world, {"alice", "bob"});
  GroupConfig config;
  config.padding_block = 256;
  auto groups = group_of(world, clients, config);
  const auto shorter = groups[0].protect(as_bytes("x"), {}, world.env);
  const auto longer = groups[0].protect(Bytes(150, 'x'), {}, world.env);
  EXPECT_EQ(shorter->size(), longer->size());
  EXPECT_EQ(as_text(groups[1].unprotect(*shorter, world.env)->data), "x");
}

TEST(Padding, WhatNobodyCouldReadIsNotSent) {
  TestWorld world;
  auto clients = clients_named(world, {"alice", "bob"});
  auto groups = group_of(world, clients);
  const auto huge = std::make_unique_for_overwrite<std::uint8_t[]>(std::size_t{1} << 28);  // never read
  EXPECT_EQ(groups[0].protect({huge.get(), std::size_t{1} << 28}, {}, world.env).error().code,
            ErrorCode::value_too_large);
  ProtectOptions options;
  options.padding_block = 0xFFFFFFFF;
  EXPECT_EQ(groups[0].protect({}, options, world.env).error().code, ErrorCode::value_too_large);
  EXPECT_TRUE(groups[1].unprotect(*groups[0].protect({}, {}, world.env), world.env));
}

TEST(CommitChoice, RemovesWinOverUpdatesAndLateUpdatesOverEarlyOnes) {
  TestWorld world;
  auto clients = clients_named(world, {"alice", "bob", "carol"});
  auto groups = group_of(world, clients);
  const auto early = groups[1].propose_update(nullptr, {}, world.env);
  const auto late = groups[1].propose_update(nullptr, {}, world.env);
  const auto carols = groups[2].propose_update(nullptr, {}, world.env);
  const auto remove = groups[1].propose(Proposal::remove(groups[2].own_leaf()), {}, world.env);
  for (const auto* m : {&early, &late, &carols, &remove})
    ASSERT_TRUE(groups[0].process(**m, world.env));
  ASSERT_TRUE(groups[1].process(*carols, world.env));
  const auto change = commit_to_all(world, groups[0], {&groups[1]}, {});
  ASSERT_TRUE(change) << to_string(change.error().code) << change.error().message;
  ASSERT_EQ(change->members.size(), 3u);
  EXPECT_EQ(change->members[0].leaf, groups[1].own_leaf());
  EXPECT_EQ(change->members[1].kind, MemberChange::Kind::removed);
  expect_agreement({&groups[0], &groups[1]});
}

TEST(CommitChoice, ProposalsThatDoNotGoTogetherAreLeftOut) {
  TestWorld world;
  auto clients = clients_named(world, {"alice", "bob", "carol"});
  auto groups = group_of(world, clients);
  TestClient dave(world, "dave");
  const auto one = groups[1].propose(Proposal::add(dave.package().key_package), {}, world.env);
  const auto two = groups[2].propose(Proposal::add(dave.package().key_package), {}, world.env);
  const auto psk = groups[1].propose(Proposal::external_psk(Bytes{42}, world.random), {}, world.env);
  ASSERT_TRUE(psk) << to_string(psk.error().code);
  ASSERT_TRUE(groups[0].process(*one, world.env));
  ASSERT_TRUE(groups[0].process(*two, world.env));
  ASSERT_TRUE(groups[0].process(*psk, world.env));
  const auto waiting = groups[0].pending_proposals();
  auto made = groups[0].commit({}, world.env);
  ASSERT_TRUE(made) << to_string(made.error().code) << made.error().message;
  EXPECT_EQ(made->left_out, (std::vector<Bytes>{waiting[1].reference, waiting[2].reference}));
  const auto change = groups[0].adopt(std::move(made->pending), world.env);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->members.size(), 2u) << "one Add and the path";
  EXPECT_TRUE(change->psks.empty());
}

TEST(CommitChoice, WhatSpoilsTheListIsFoundAmongMany) {
  TestWorld world;
  auto clients = clients_named(world, {"alice", "bob"});
  auto groups = group_of(world, clients);
  world.psks.external[{1}] = Bytes(32, 1);
  constexpr auto kUnsupported = ProposalType{0xF00D};
  for (int i = 0; i < 100; ++i) {
    const Proposal psk = Proposal::external_psk(Bytes{1}, world.random);
    const Proposal custom = Proposal::custom(kUnsupported, {1});
    ASSERT_TRUE(groups[0].process(*groups[1].propose(i == 70 ? custom : psk, {}, world.env), world.env));
  }
  const auto waiting = groups[0].pending_proposals();
  const auto made = groups[0].commit({}, world.env);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->left_out, std::vector<Bytes>{waiting[70].reference});
  EXPECT_EQ(made->pending.change().psks.size(), 99u);
}

TEST(CommitChoice, WhoIsRemovedMayBeAddedAgainInTheSameCommit) {
  TestWorld world;
  auto clients = clients_named(world, {"alice", "bob", "carol"});
  auto groups = group_of(world, clients);
  const auto add = groups[1].propose(Proposal::add(clients[2].package().key_package), {}, world.env);
  const auto remove = groups[1].propose(Proposal::remove(groups[2].own_leaf()), {}, world.env);
  ASSERT_TRUE(groups[0].process(*add, world.env));
  ASSERT_TRUE(groups[0].process(*remove, world.env));
  const auto made = groups[0].commit({}, world.env);
  ASSERT_TRUE(made) << to_string(made.error().code);
  EXPECT_TRUE(made->left_out.empty());
  EXPECT_TRUE(made->welcome);
}

TEST(Exporter, SecretsDifferByLabelContextAndEpoch) {
  TestWorld world;
  auto clients = clients_named(world, {"alice"});
  Group alice = clients[0].create("group");
  const auto a = alice.export_secret("a", as_bytes("c"), 32);
  EXPECT_FALSE(*a == *alice.export_secret("b", as_bytes("c"), 32));
  EXPECT_FALSE(*a == *alice.export_secret("a", as_bytes("d"), 32));
  EXPECT_EQ(alice.export_secret("a", {}, 100)->size(), 100u);
  EXPECT_EQ(alice.export_secret("a", {}, 8161).error().code, ErrorCode::invalid_argument);
  ASSERT_TRUE(commit_to_all(world, alice, {}, {}));
  EXPECT_FALSE(*a == *alice.export_secret("a", as_bytes("c"), 32));
}

TEST(Peek, AMessageShowsWhereItBelongs) {
  TestWorld world;
  auto clients = clients_named(world, {"alice", "bob"});
  auto groups = group_of(world, clients);
  const auto head = peek(*groups[0].protect(as_bytes("x"), {}, world.env));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->wire_format, WireFormat::private_message);
  EXPECT_EQ(head->group_id, groups[0].group_id());
  EXPECT_EQ(head->epoch, groups[0].epoch());
  EXPECT_EQ(head->content, ContentType::application);
}

}  // namespace
}  // namespace sotto::mls
