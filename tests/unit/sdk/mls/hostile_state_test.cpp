// Saved states that somebody else wrote: whatever numbers are in them, loading gives an error or a group that
// works, in memory that follows from the size of what is loaded (docs/state-format.md).
#include <algorithm>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/group/group_state.hpp"
#include "sdk/mls/src/state/record_kinds.hpp"
#include "sdk/mls/src/state/state_records.hpp"
#include "tests/unit/sdk/mls/memory_peak.hpp"
#include "tests/unit/sdk/mls/test_client.hpp"

namespace sotto::mls {
namespace {

/// Records by key, without their checksums.
using Contents = std::map<Bytes, Bytes>;

Bytes with_checksum(ByteView key, const Bytes& contents) {
  Bytes out = contents;
  const HashValue sum = hash(key, contents);
  out.insert(out.end(), sum.begin(), sum.begin() + kChecksumSize);
  return out;
}
Bytes without_checksum(ByteView value) {
  return to_bytes(value.first(value.size() - kChecksumSize));
}

Contents contents_of(Group group) {
  Contents out;
  group.internals().saved_once = false;  // all of them
  for (const StateRecord& r : group.take_changes())
    out.emplace(r.key, without_checksum(r.value->view()));
  return out;
}
std::vector<StateRecord> records_of(const Contents& contents) {
  std::vector<StateRecord> out;
  for (const auto& [key, value] : contents)
    out.push_back({key, SecretBytes(with_checksum(key, value))});
  return out;
}

/// The record `02`, taken apart.
struct EpochRecord {
  GroupContext context;
  std::uint32_t leaf_count = 0;
  std::uint32_t own_leaf = 0;
  Bytes rest;

  explicit EpochRecord(const Contents& contents) {
    Reader r(contents.at(epoch_key()));
    context = *parse<GroupContext>(r.opaque_view());
    leaf_count = r.u32();
    own_leaf = r.u32();
    rest = to_bytes(r.rest());
  }
  void put_into(Contents& contents) const {
    Writer w;
    w.opaque(encode(context));
    w.u32(leaf_count);
    w.u32(own_leaf);
    w.raw(rest);
    contents[epoch_key()] = w.take();
  }
};

constexpr std::uint32_t kIndices[] = {0,          1,           2,          1U << 16,    kMaxLeaves - 1,
                                      kMaxLeaves, 1U << 26,    1U << 30,   0x7FFFFFFFU, 1U << 31,
                                      0xFFFFFFFE, 0xFFFFFFFFU, 0x80000001U};
constexpr std::int64_t kTimes[] = {0, 1, -1, std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::int64_t>::max()};

/// Covers a group of the most leaves there may be and its records; everything else here takes far less.
constexpr std::size_t kMostMemory = std::size_t{32} << 20;

struct HostileState : testing::Test {
  TestWorld world;
  std::vector<TestClient> clients = clients_named(world, {"alice", "bob", "carol"});
  std::vector<Group> groups = group_of(world, clients, config());
  Bytes late;  ///< from Carol, of a past epoch
  Bytes now;   ///< from Carol, of the present one
  Contents contents;

  static GroupConfig config() {
    GroupConfig out;
    out.commit_before_sending = false;
    return out;
  }

  /// Bob's state has every kind of record.
  HostileState() {
    Group& bob = groups[1];
    const auto all_follow = [&](std::size_t committer) {
      std::vector<Group*> others;
      for (std::size_t i = 0; i < groups.size(); ++i) {
        if (i != committer) others.push_back(&groups[i]);
      }
      (void)commit_to_all(world, groups[committer], others, {}).value();
    };
    const auto say = [&](Group& from) { return from.protect(as_bytes("hi"), {}, world.env).value(); };
    const auto hear = [&](const Bytes& message) { (void)bob.unprotect(message, world.env).value(); };
    all_follow(0);
    all_follow(2);
    hear(say(groups[0]));
    (void)say(groups[0]);
    hear(say(groups[0]));  // one message is skipped
    late = say(groups[2]);
    all_follow(0);
    hear(say(groups[0]));
    (void)say(groups[0]);
    hear(say(groups[0]));
    now = say(groups[2]);
    (void)bob.process(groups[2].propose(Proposal::remove({0}), {}, world.env).value(), world.env).value();
    (void)bob.propose_update(nullptr, {}, world.env).value();
    contents = contents_of(bob.clone());
  }

  /// What must hold for whatever `records` are.
  void try_state(const std::vector<StateRecord>& records, const std::string& what) {
    SCOPED_TRACE(what);
    const MemoryPeak memory;
    auto loaded = Group::load(records, config());
    EXPECT_LT(memory.bytes(), kMostMemory);
    if (!loaded) {
      EXPECT_GE(loaded.error().code, ErrorCode::state_malformed);
      EXPECT_LE(loaded.error().code, ErrorCode::state_inconsistent);
      return;
    }
    expect_works(*loaded);
  }
  void try_state(const Contents& changed, const std::string& what) { try_state(records_of(changed), what); }

  void expect_works(Group& group) {
    const SecretBytes saved = group.save();
    auto again = Group::load(saved.view(), config());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(again->save() == saved);
    for (const std::int64_t time : kTimes) {
      Group copy = group.clone();
      const Environment env{world.random, [time] { return from_unix_ms(time); }, world.policy, &world.psks};
      (void)copy.unprotect(late, env);
      (void)copy.process(now, env);
    }
    (void)group.unprotect(late, world.env);
    (void)group.process(now, world.env);
    (void)group.members();
    (void)group.member(group.own_leaf());
    (void)group.pending_proposals();
    (void)group.group_info({});
    (void)group.protect(as_bytes("still here"), {}, world.env);
    if (auto made = group.commit({}, world.env)) {
      auto pending = PendingCommit::load(made->pending.save().view());
      ASSERT_TRUE(pending) << pending.error().message;
      ASSERT_TRUE(group.adopt(std::move(*pending), world.env));
    }
    auto after = Group::load(group.save().view(), config());
    ASSERT_TRUE(after) << after.error().message;
  }
};

TEST_F(HostileState, TheStateThatIsChangedHereHasEveryKindOfRecordAndWorks) {
  for (std::uint8_t kind = 1; kind <= static_cast<std::uint8_t>(RecordKind::resumption); ++kind) {
    EXPECT_TRUE(
        std::any_of(contents.begin(), contents.end(), [&](const auto& c) { return c.first[0] == kind; }))
        << "record kind " << unsigned{kind};
  }
  auto loaded = Group::load(records_of(contents), config());
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->commit({}, world.env));
  expect_works(*loaded);
}

// Wherever a number may lie, whoever reads it: each place of each record's key, and of the contents of the
// first record of each kind.
TEST_F(HostileState, ExtremeNumbersInAnyPlaceGiveAnErrorOrAGroupThatWorks) {
  const auto bytes = [](std::uint64_t number, std::size_t size) {
    Bytes out;
    for (std::size_t i = size; i-- > 0;)
      out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
    return out;
  };
  std::vector<Bytes> numbers;
  for (const std::uint32_t n : {0U, 1U << 26, 0x7FFFFFFFU, 1U << 31, 0xFFFFFFFEU, 0xFFFFFFFFU})
    numbers.push_back(bytes(n, 4));
  for (const std::int64_t n : {kTimes[3], kTimes[4]})
    numbers.push_back(bytes(static_cast<std::uint64_t>(n), 8));
  std::set<std::uint8_t> kinds;
  for (const auto& [key, value] : contents) {
    const bool first_of_kind = kinds.insert(key[0]).second;
    const std::size_t places = key.size() + (first_of_kind ? value.size() : 0);
    for (std::size_t at = 1; at < places; ++at) {
      for (const Bytes& number : numbers) {
        const bool in_key = at < key.size();
        const std::size_t place = in_key ? at : at - key.size();
        if (place + number.size() > (in_key ? key : value).size()) continue;
        Bytes new_key = key;
        Bytes new_value = value;
        std::copy(number.begin(), number.end(),
                  (in_key ? new_key : new_value).begin() + static_cast<std::ptrdiff_t>(place));
        Contents changed = contents;
        changed.erase(key);
        changed[new_key] = new_value;
        try_state(changed, to_hex(key) + " at " + std::to_string(at) + ": " + to_hex(number));
        if (HasFailure()) return;
      }
    }
  }
}

// Two numbers that agree with each other, and a tree hash that agrees with both.
TEST_F(HostileState, ALeafAndASizeThatFitEachOtherAskForNoMoreThanTheMostLeaves) {
  for (const std::uint32_t index : kIndices) {
    for (const std::uint32_t size :
         {1U, 4U, std::bit_ceil(std::min(index, 1U << 30) + 1), index, index + 1}) {
      Contents changed = contents;
      changed.erase(leaf_key({2}));
      changed[leaf_key({index})] = contents.at(leaf_key({2}));
      EpochRecord epoch(contents);
      epoch.leaf_count = size;
      if (index < kMaxLeaves && size == std::bit_ceil(std::max(index + 1, 3U))) {
        std::erase_if(changed, [](const auto& c) {
          const auto kind = static_cast<RecordKind>(c.first[0]);
          return kind == RecordKind::parent || (kind == RecordKind::private_key && c.first.back() % 2 != 0);
        });
        RatchetTree tree = groups[1].internals().current.tree;
        const auto carol = tree.shared_leaf({2});
        tree.remove_leaf({2});
        for (std::uint32_t i : {0U, 1U})
          tree.blank_direct_path({i});
        std::vector<std::shared_ptr<const LeafNode>> leaves(std::max(index, 1U) + 1);
        for (std::uint32_t i : {0U, 1U})
          leaves[i] = tree.shared_leaf({i});
        leaves[index] = carol;
        const HashValue root = RatchetTree(std::move(leaves), {}).root_hash();
        epoch.context.tree_hash.assign(root.begin(), root.end());
      }
      epoch.put_into(changed);
      try_state(changed, "leaf " + std::to_string(index) + " of " + std::to_string(size));
    }
  }
}

TEST_F(HostileState, AGroupOfOneAndALeafOfTheLastIndexAreRefused) {
  const Group alone = clients[0].create("alone");
  Contents changed = contents_of(alone.clone());
  const Bytes leaf = changed.at(leaf_key({0}));
  changed[leaf_key({0xFFFFFFFF})] = leaf;
  EXPECT_EQ(Group::load(records_of(changed), {}).error().code, ErrorCode::state_inconsistent);
  changed.erase(leaf_key({0}));
  EXPECT_EQ(Group::load(records_of(changed), {}).error().code, ErrorCode::state_inconsistent);
}

TEST_F(HostileState, APastLeafAndASizeThatFitEachOtherTakeNoMemoryOfThatSize) {
  const Bytes past = std::find_if(contents.begin(), contents.end(), [](const auto& c) {
                       return c.first[0] == static_cast<std::uint8_t>(RecordKind::past_epoch);
                     })->first;
  Reader key(past);
  key.u8();
  const Epoch epoch{key.u64()};
  for (const std::uint32_t index : kIndices) {
    const std::uint32_t size = std::bit_ceil(std::min(index, 1U << 30) + 1);
    Contents changed = contents;
    Bytes& value = changed[past];
    for (std::size_t i = 0; i < 4; ++i)
      value[value.size() - 4 + i] = static_cast<std::uint8_t>(size >> (24 - 8 * i));
    changed[past_leaf_key(epoch, {index})] = Bytes{0};
    const MemoryPeak memory;
    auto loaded = Group::load(records_of(changed), config());
    EXPECT_LT(memory.bytes(), std::size_t{1} << 20) << index;
    if (loaded) expect_works(*loaded);
  }
}

TEST_F(HostileState, AnEpochThatEndedBeforeAllTimeIsTooOld) {
  for (const std::int64_t ended : kTimes) {
    Contents changed = contents;
    for (auto& [key, value] : changed) {
      if (key[0] != static_cast<std::uint8_t>(RecordKind::past_epoch)) continue;
      for (std::size_t i = 0; i < 8; ++i)
        value[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(ended) >> (56 - 8 * i));
    }
    auto loaded = Group::load(records_of(changed), config());
    ASSERT_TRUE(loaded) << loaded.error().message;
    for (const std::int64_t time : kTimes) {
      Group copy = loaded->clone();
      const Environment env{world.random, [time] { return from_unix_ms(time); }, world.policy, &world.psks};
      const auto opened = copy.unprotect(late, env);
      const bool recent = time <= ended || (time < 2 && ended < 2 && ended >= -1 && time >= -1);
      EXPECT_EQ(opened.ok(), recent) << "ended at " << ended << ", now " << time;
      if (!opened) {
        EXPECT_EQ(opened.error().code, ErrorCode::epoch_unavailable);
      }
    }
  }
}

TEST_F(HostileState, AnIdentityWithoutTheKeyOfItsLeafIsRefused) {
  Group bob = groups[1].clone();
  bob.internals().identity.keys = SignatureKeyPair::generate(world.random);
  EXPECT_EQ(Group::load(bob.save().view(), {}).error().code, ErrorCode::state_inconsistent);
}

TEST_F(HostileState, AnOwnLeafThatIsNotThereIsRefusedAlsoOfARemovedMember) {
  CommitOptions remove;
  remove.proposals = {Proposal::remove({1})};
  remove.by_reference = ProposalsByReference::none;
  const auto made = groups[0].commit(remove, world.env);
  ASSERT_TRUE(made);
  ASSERT_TRUE(groups[1].process(made->message, world.env));
  contents = contents_of(groups[1].clone());
  ASSERT_TRUE(Group::load(records_of(contents), {}));
  for (const std::uint32_t index : kIndices) {
    EpochRecord epoch(contents);
    if (index == epoch.own_leaf) continue;
    epoch.own_leaf = index;
    Contents changed = contents;
    epoch.put_into(changed);
    EXPECT_EQ(Group::load(records_of(changed), {}).error().code, ErrorCode::state_inconsistent) << index;
  }
}

TEST_F(HostileState, TheTranscriptOfTheNextCommitFitsTheConfirmationTag) {
  Group bob = groups[1].clone();
  bob.internals().current.interim_transcript_hash[0] ^= 1;
  EXPECT_EQ(Group::load(bob.save().view(), {}).error().code, ErrorCode::state_inconsistent);
}

struct HostilePending : HostileState {
  SecretBytes saved = groups[1].commit({}, world.env).value().pending.save();

  static Bytes with_its_checksum(Bytes contents) {
    const HashValue sum = hash(contents);
    contents.insert(contents.end(), sum.begin(), sum.begin() + kChecksumSize);
    return contents;
  }
};

TEST_F(HostilePending, ExtremeNumbersInAnyPlaceGiveAnErrorOrAPendingCommitThatWorks) {
  const Bytes patterns[] = {{0, 0, 0, 0},
                            {0, 0, 0, 1},
                            {4, 0, 0, 0},
                            {0x7F, 255, 255, 255},
                            {0x80, 0, 0, 0},
                            {255, 255, 255, 255},
                            {255, 255, 255, 255, 255, 255, 255, 255}};
  const Bytes contents_of_it = without_checksum(saved.view());
  for (std::size_t at = 1; at < contents_of_it.size(); ++at) {
    for (const Bytes& pattern : patterns) {
      if (at + pattern.size() > contents_of_it.size()) continue;
      SCOPED_TRACE(std::to_string(at) + ": " + to_hex(pattern));
      Bytes changed = contents_of_it;
      std::copy(pattern.begin(), pattern.end(), changed.begin() + static_cast<std::ptrdiff_t>(at));
      const MemoryPeak memory;
      auto pending = PendingCommit::load(with_its_checksum(std::move(changed)));
      EXPECT_LT(memory.bytes(), std::size_t{1} << 20);
      if (!pending) continue;
      Group bob = groups[1].clone();
      if (bob.adopt(std::move(*pending), world.env)) {
        auto again = Group::load(bob.save().view(), config());
        ASSERT_TRUE(again) << again.error().message;
      }
      if (HasFailure()) return;
    }
  }
}

TEST_F(HostilePending, APendingCommitIsAdoptedByItsMakerOnly) {
  const auto made = groups[2].commit({}, world.env);
  ASSERT_TRUE(made);
  auto carols = PendingCommit::load(made->pending.save().view());
  ASSERT_TRUE(carols);
  EXPECT_EQ(groups[1].adopt(std::move(*carols), world.env).error().code, ErrorCode::pending_outdated);
  auto own = PendingCommit::load(saved.view());
  ASSERT_TRUE(own);
  EXPECT_TRUE(groups[1].adopt(std::move(*own), world.env));
}

TEST_F(HostilePending, ANewIdentityHasTheKeyOfTheNewLeaf) {
  TestClient renewed(world, "bob");
  CommitOptions options;
  options.new_identity = &renewed.identity;
  const auto made = groups[1].commit(options, world.env);
  ASSERT_TRUE(made);
  Bytes whole = without_checksum(made->pending.save().view());
  const SecretBytes seed = renewed.identity.keys.seed();
  const auto at = std::search(whole.begin(), whole.end(), seed.view().begin(), seed.view().end());
  ASSERT_NE(at, whole.end());
  EXPECT_TRUE(PendingCommit::load(with_its_checksum(whole)));
  *at ^= 1;
  EXPECT_EQ(PendingCommit::load(with_its_checksum(whole)).error().code, ErrorCode::state_inconsistent);
}

}  // namespace
}  // namespace sotto::mls
