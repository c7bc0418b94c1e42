// Saving and loading (sdk/mls/docs/state-format.md).
#include <algorithm>

#include <gtest/gtest.h>

#include "sdk/mls/src/state/record_kinds.hpp"
#include "tests/unit/sdk/mls/hostile_member.hpp"

namespace sotto::mls {
namespace {

/// Keeps records as an application would.
class Disk {
 public:
  /// Returns the bytes written.
  std::size_t write(Group& group) {
    std::size_t bytes = 0;
    for (StateRecord& record : group.take_changes()) {
      bytes += record.key.size() + (record.value ? record.value->size() : 0);
      records_.erase(record.key);
      if (record.value) records_.emplace(std::move(record.key), std::move(*record.value));
    }
    return bytes;
  }
  Result<Group> load(const GroupConfig& config = {}) const { return Group::load(list(), config); }
  std::vector<StateRecord> list() const {
    std::vector<StateRecord> out;
    for (const auto& [key, value] : records_)
      out.push_back({key, value.clone()});
    return out;
  }

 private:
  std::map<Bytes, SecretBytes> records_;
};

struct Saving : testing::Test {
  TestWorld world;
  std::vector<TestClient> clients = clients_named(world, {"alice", "bob", "carol", "dave"});
  std::vector<Group> groups = group_of(world, clients);
  Disk disk;

  void expect_disk_is_bob() {
    disk.write(groups[1]);
    auto loaded = disk.load();
    ASSERT_TRUE(loaded) << to_string(loaded.error().code) << loaded.error().message;
    EXPECT_TRUE(loaded->save() == groups[1].save());
    auto whole = Group::load(groups[1].save().view(), {});
    ASSERT_TRUE(whole) << to_string(whole.error().code) << whole.error().message;
    EXPECT_TRUE(whole->save() == groups[1].save());
  }
  void process(std::size_t to, const Bytes& message) {
    const auto done = groups[to].process(message, world.env);
    ASSERT_TRUE(done) << to << to_string(done.error().code) << done.error().message;
  }
};

TEST_F(Saving, EveryKindOfChangeReachesTheDisk) {
  expect_disk_is_bob();
  // messages in order, out of order, skipped
  std::vector<Bytes> sent;
  for (int i = 0; i < 5; ++i)
    sent.push_back(*groups[0].protect(as_bytes("x"), {}, world.env));
  process(1, sent[3]);
  expect_disk_is_bob();
  process(1, sent[1]);
  expect_disk_is_bob();
  ASSERT_TRUE(groups[1].protect(as_bytes("y"), {}, world.env));
  expect_disk_is_bob();
  // proposals, ours and others'
  process(1, *groups[2].propose(Proposal::remove(groups[3].own_leaf()), {}, world.env));
  expect_disk_is_bob();
  ASSERT_TRUE(groups[1].propose_update(nullptr, {}, world.env));
  expect_disk_is_bob();
  // epochs that come and go
  for (int i = 0; i < 8; ++i) {
    auto made = groups[0].commit({}, world.env);
    ASSERT_TRUE(made);
    process(1, made->message);
    process(2, made->message);
    ASSERT_TRUE(groups[0].adopt(std::move(made->pending), world.env));
    process(1, *groups[0].protect(as_bytes("z"), {}, world.env));
    expect_disk_is_bob();
  }
  process(1, *groups[2].protect(as_bytes("z"), {}, world.env));
  expect_disk_is_bob();
}

TEST_F(Saving, ALoadedGroupGoesOnWhereItWas) {
  disk.write(groups[1]);
  const auto late = groups[0].protect(as_bytes("late"), {}, world.env);
  auto made = groups[0].commit({}, world.env);
  groups[1] = std::move(disk.load()).value();
  process(1, made->message);
  ASSERT_TRUE(groups[0].adopt(std::move(made->pending), world.env));
  disk.write(groups[1]);
  groups[1] = std::move(disk.load()).value();
  EXPECT_EQ(as_text(groups[1].unprotect(*late, world.env)->data), "late");
  const auto now = groups[1].protect(as_bytes("now"), {}, world.env);
  EXPECT_TRUE(groups[0].unprotect(*now, world.env));
}

TEST_F(Saving, AMemberThatLeftAndRejoinedPlacesIsKnownInPastEpochs) {
  const auto late = groups[3].protect(as_bytes("bye"), {}, world.env);
  TestClient erin(world, "erin");
  CommitOptions options;
  options.proposals = {Proposal::remove(groups[3].own_leaf()), Proposal::add(erin.package().key_package)};
  ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[1]}, options));
  disk.write(groups[1]);
  groups[1] = std::move(disk.load()).value();
  const auto opened = groups[1].unprotect(*late, world.env);
  ASSERT_TRUE(opened) << to_string(opened.error().code);
  EXPECT_EQ(opened->credential, clients[3].identity.credential);
}

TEST_F(Saving, AReceivedMessageWritesLessThanAKilobyte) {
  std::vector<std::string> names;
  for (int i = 0; i < 64; ++i)
    names.push_back("member " + std::to_string(i));
  auto many = clients_named(world, names);
  auto big = group_of(world, many);
  Disk of_one;
  of_one.write(big[1]);
  for (std::size_t from : {0u, 63u, 0u, 17u}) {
    ASSERT_TRUE(big[1].unprotect(*big[from].protect(Bytes(1024, 1), {}, world.env), world.env));
    EXPECT_LT(of_one.write(big[1]), 1024u);
  }
}

TEST_F(Saving, UsedKeysAreErasedFromTheDisk) {
  disk.write(groups[1]);
  const auto before = disk.list();
  ASSERT_TRUE(groups[1].unprotect(*groups[0].protect(as_bytes("x"), {}, world.env), world.env));
  disk.write(groups[1]);
  // The secret at the root of the secret tree is used up with the first message.
  std::size_t gone = 0;
  for (const StateRecord& old : before) {
    const auto after = disk.list();
    gone += std::none_of(after.begin(), after.end(), [&](const StateRecord& r) { return r.key == old.key; });
  }
  EXPECT_EQ(gone, 1u);
}

TEST_F(Saving, NothingNewIsNothingToWrite) {
  EXPECT_FALSE(groups[1].take_changes().empty());
  EXPECT_TRUE(groups[1].take_changes().empty());
  EXPECT_FALSE(groups[1].unprotect(Bytes(100, 1), world.env));
  EXPECT_TRUE(groups[1].take_changes().empty());
}

TEST_F(Saving, DamagedAndTruncatedStatesAreRefused) {
  const SecretBytes saved = groups[1].save();
  for (std::size_t i = 0; i < saved.size(); ++i) {
    Bytes bad = to_bytes(saved.view());
    bad[i] ^= 1;
    EXPECT_FALSE(Group::load(bad, {})) << "byte " << i;
  }
  for (std::size_t n = 0; n < saved.size(); n += 7)
    EXPECT_FALSE(Group::load(saved.view().first(n), {})) << n;
  Bytes longer = to_bytes(saved.view());
  longer.push_back(0);
  EXPECT_EQ(Group::load(longer, {}).error().code, ErrorCode::state_malformed);
}

TEST_F(Saving, AStateOfANewerFormatIsNamedAsSuch) {
  Bytes saved = to_bytes(groups[1].save().view());
  saved[0] = 99;
  EXPECT_EQ(Group::load(saved, {}).error().code, ErrorCode::state_version_unsupported);
}

TEST_F(Saving, AStateWithAPieceMissingIsRefused) {
  disk.write(groups[1]);
  const auto all = disk.list();
  std::size_t refused = 0;
  for (std::size_t skip = 0; skip < all.size(); ++skip) {
    std::vector<StateRecord> rest;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i != skip) rest.push_back({all[i].key, all[i].value->clone()});
    }
    refused += !Group::load(rest, {}).ok();
  }
  // What can be missing without a contradiction are secrets that might as well have been used up.
  EXPECT_GE(refused, all.size() - 3);
}

TEST_F(Saving, AStateWithPartsOfTwoEpochsIsRefused) {
  disk.write(groups[1]);
  const auto before = disk.list();
  const auto made = groups[0].commit({}, world.env);
  process(1, made->message);
  disk.write(groups[1]);
  const auto after = disk.list();
  std::size_t mixed = 0;
  for (const StateRecord& old : before) {
    std::vector<StateRecord> records;
    bool replaced = false;
    for (const StateRecord& now : after) {
      const bool same_place = now.key == old.key && !(*now.value == *old.value);
      replaced = replaced || same_place;
      records.push_back({now.key, (same_place ? old : now).value->clone()});
    }
    if (!replaced) continue;
    ++mixed;
    const auto loaded = Group::load(records, {});
    ASSERT_FALSE(loaded) << "record " << to_hex(old.key);
    EXPECT_EQ(loaded.error().code, ErrorCode::state_inconsistent) << "record " << to_hex(old.key);
  }
  // the epoch, Alice's leaf, the parents above it and our keys for them
  EXPECT_GE(mixed, 4u);
}

TEST_F(Saving, APendingCommitSurvivesARestart) {
  auto made = groups[1].commit({}, world.env);
  const SecretBytes saved = made->pending.save();
  disk.write(groups[1]);
  groups[1] = std::move(disk.load()).value();
  auto pending = PendingCommit::load(saved.view());
  ASSERT_TRUE(pending) << to_string(pending.error().code) << pending.error().message;
  EXPECT_TRUE(pending->is(made->message));
  process(0, made->message);
  ASSERT_TRUE(groups[1].adopt(std::move(*pending), world.env));
  EXPECT_TRUE(groups[1].epoch_authenticator() == groups[0].epoch_authenticator());
  expect_disk_is_bob();
  for (std::size_t i = 0; i < saved.size(); ++i) {
    Bytes bad = to_bytes(saved.view());
    bad[i] ^= 1;
    EXPECT_FALSE(PendingCommit::load(bad)) << i;
  }
}

TEST_F(Saving, HandshakeRatchetsOfAPastEpochLeaveTheDisk) {
  process(1, *groups[2].propose(Proposal::remove(groups[3].own_leaf()), {}, world.env));
  disk.write(groups[1]);
  const auto with_handshake = [&] {
    const auto all = disk.list();
    return std::count_if(all.begin(), all.end(), [](const StateRecord& r) {
      return r.key[0] == static_cast<std::uint8_t>(RecordKind::ratchet) && r.value->view()[0] == 1;
    });
  };
  EXPECT_EQ(with_handshake(), 1);
  process(1, groups[0].commit({}, world.env)->message);
  disk.write(groups[1]);
  EXPECT_EQ(with_handshake(), 0);
}

/// Bob is removed by Alice; a message of Carol's is still on its way to him.
struct Removed : Saving {
  Bytes late = *groups[2].protect(as_bytes("late"), {}, world.env);

  Removed() {
    CommitOptions options;
    options.proposals = {Proposal::remove(groups[1].own_leaf())};
    options.format = HandshakeFormat::public_message;
    removal = groups[0].commit(options, world.env)->message;
  }
  std::string bob_opens_at(Timestamp now) {
    const Environment env{world.random, [now] { return now; }, world.policy, &world.psks};
    return outcome(groups[1].unprotect(late, env));
  }
  std::size_t secrets_for_messages_on_disk() {
    disk.write(groups[1]);
    const auto all = disk.list();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const StateRecord& r) {
      const auto kind = static_cast<RecordKind>(r.key[0]);
      return kind == RecordKind::secret_node || kind == RecordKind::ratchet || kind == RecordKind::past_epoch;
    }));
  }
  void expect_last_epoch_is_open_and_then_over() {
    Group copy = groups[1].clone();
    EXPECT_EQ(bob_opens_at(kTestNow + GroupConfig{}.max_past_epoch_age), "accepted");
    groups[1] = std::move(copy);
    EXPECT_NE(secrets_for_messages_on_disk(), 0u);
    EXPECT_EQ(bob_opens_at(kTestNow + GroupConfig{}.max_past_epoch_age + Milliseconds(1)),
              "epoch_unavailable");
    EXPECT_EQ(secrets_for_messages_on_disk(), 0u);
    EXPECT_TRUE(disk.load());
  }

  Bytes removal;
};

TEST_F(Removed, ThePastOfOneWhoWasRemovedEndsInTime) {
  process(1, removal);
  expect_disk_is_bob();
  expect_last_epoch_is_open_and_then_over();
}

TEST_F(Removed, WhatOutlivesTheRemovalIsTheResumptionPsk) {
  const SecretBytes psk = *groups[1].resumption_psk(groups[1].epoch());
  const Epoch last = groups[1].epoch();
  process(1, removal);
  EXPECT_EQ(groups[1].epoch(), last);
  EXPECT_TRUE(groups[1].resumption_psk(last) == psk);
  EXPECT_EQ(outcome(groups[1].export_secret("label", {}, 32)), "group_not_active");
}

// Earlier versions kept the last epoch as the present one; it ends when the state is first used.
TEST_F(Removed, AStateOfOneWhoWasRemovedBeforeIsReadOn) {
  GroupState& bob = groups[1].internals();
  bob.removed = true;
  bob.current.keys.forget();
  for (SecretBytes* secret : {&bob.current.secrets.init, &bob.current.secrets.external})
    *secret = SecretBytes(kHashSize);
  disk.write(groups[1]);
  groups[1] = std::move(disk.load()).value();
  EXPECT_FALSE(groups[1].active());
  {
    Group copy = groups[1].clone();
    EXPECT_EQ(bob_opens_at(kTestNow), "accepted");
    groups[1] = std::move(copy);
  }
  EXPECT_EQ(outcome(groups[1].process(removal, world.env)), "group_not_active");
  expect_last_epoch_is_open_and_then_over();
}

TEST_F(Removed, ARemovalThatNobodyElseTakesIsUndoneByLoadingWhatWasSavedBefore) {
  disk.write(groups[1]);
  const Bytes bogus = sign_and_tag(groups[0], parse_public(removal).content, Bytes(32, 1));
  EXPECT_EQ(outcome(groups[2].process(bogus, world.env)), "confirmation_tag_invalid");
  const auto removed = groups[1].process(bogus, world.env);
  ASSERT_TRUE(removed);
  EXPECT_TRUE(removed->as<EpochChange>()->removed_me);
  EXPECT_FALSE(groups[1].active());

  // The group goes on in the same epoch, with Bob: what he was told was not so.
  groups[1] = std::move(disk.load()).value();
  EXPECT_TRUE(groups[1].active());
  auto next = groups[2].commit({}, world.env);
  ASSERT_TRUE(next);
  process(1, next->message);
  ASSERT_TRUE(groups[2].adopt(std::move(next->pending), world.env));
  EXPECT_TRUE(groups[1].epoch_authenticator() == groups[2].epoch_authenticator());
}

TEST_F(Saving, ARemovedMembersStateSaysSo) {
  CommitOptions options;
  options.proposals = {Proposal::remove(groups[1].own_leaf())};
  ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[1], &groups[2]}, options));
  expect_disk_is_bob();
  EXPECT_FALSE(disk.load()->active());
}

}  // namespace
}  // namespace sotto::mls
