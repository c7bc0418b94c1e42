// Random histories: members come, go, come back, update, commit against each other, lose and reorder
// messages, restart, start over with a new group and branch off. After each commit everybody agrees and talks
// to everybody, and those who were removed cannot follow. A failure names its seed. Others and longer ones:
//
//   SOTTO_MLS_HISTORY_SEED=1000 SOTTO_MLS_HISTORY_STEPS=500 mls_test --gtest_filter='*Histories*'
#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/unit/sdk/mls/test_client.hpp"

namespace sotto::mls {
namespace {

/// By seed: a pair, a few, trees that cross 8 and 16 and so grow, shrink and have empty halves, larger ones.
/// The steps, each with one commit that takes effect, are so many that all sizes cost about alike; twelve
/// seeds make 2,400 of them.
struct Size {
  std::size_t most_members;
  std::uint64_t steps;
};
constexpr Size kSizes[] = {{2, 400}, {5, 400}, {14, 150}, {14, 150}, {30, 60}, {60, 40}};
const Size& size_of(std::uint64_t seed) {
  return kSizes[seed % std::size(kSizes)];
}

/// Up to here everybody talks to everybody after each commit; from here on now and then.
constexpr std::size_t kFewMembers = 6;
constexpr std::size_t kManyMembers = 20;

struct Device {
  Device(TestWorld& world, const std::string& name, Group g) : client(world, name), group(std::move(g)) {}
  Device(TestClient c, Group g) : client(std::move(c)), group(std::move(g)) {}
  TestClient client;
  Group group;
};

struct Flying {
  Bytes message;
  Epoch epoch;
  LeafIndex sender;
  std::vector<std::size_t> readers;  ///< serial numbers of those who were members when it was sent
};

class History {
 public:
  explicit History(std::uint64_t seed) : choice_(seed), most_members_(size_of(seed).most_members) {
    world_.random = SeededRandom(seed + 1000);
    world_.suite = seed % 2 == 0 ? CipherSuite{3} : CipherSuite{1};
    world_.psks.external[{1}] = Bytes(32, 1);
    config_.max_past_epochs = 3;
    TestClient first = new_client();
    Group group = first.create("history", config_);
    join(std::move(first), std::move(group));
  }

  void step() {
    chatter();
    if (chance(15)) restart(pick());
    if (members_.size() > 1 && members_.size() < most_members_ && chance(10)) {
      external_join();
    } else if (members_.size() > 1 && chance(2)) {
      reinitialize();
    } else {
      ordinary_commit();
    }
    check_agreement();
    if (members_.size() > 2 && chance(3)) branch();
    if (members_.size() <= kFewMembers || chance(members_.size() < kManyMembers ? 25 : 3))
      check_everybody_talks();
    deliver_late();
  }

 private:
  using Members = std::vector<std::pair<std::size_t, Device>>;  // by serial number

  std::uint64_t below(std::uint64_t n) { return choice_.below(n); }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  std::size_t pick() { return below(members_.size()); }
  Group& group(std::size_t i) { return members_[i].second.group; }

  TestClient new_client() { return {world_, "device " + std::to_string(named_++)}; }
  void join(TestClient client, Group g) {
    members_.emplace_back(serial_++, Device(std::move(client), std::move(g)));
  }

  template <class T>
  T must(Result<T> result, const char* what) {
    if (!result)
      ADD_FAILURE() << what << ": " << to_string(result.error().code) << ": " << result.error().message;
    return std::move(result).value();
  }

  HandshakeFormat some_format() {
    return chance(50) ? HandshakeFormat::public_message : HandshakeFormat::private_message;
  }

  void restart(std::size_t i) { group(i) = must(Group::load(group(i).save().view(), config_), "load"); }

  /// Messages that will come late, out of order, twice or never.
  void chatter() {
    for (std::uint64_t n = below(4); n > 0; --n) {
      const std::size_t from = pick();
      Flying f{must(group(from).protect(as_bytes("hello"), {}, world_.env), "protect"),
               group(from).epoch(),
               group(from).own_leaf(),
               {}};
      for (std::size_t i = 0; i < members_.size(); ++i) {
        if (i != from) f.readers.push_back(members_[i].first);
      }
      flying_.push_back(std::move(f));
    }
  }

  void deliver_late() {
    for (std::uint64_t n = below(4); n > 0 && !flying_.empty(); --n) {
      const std::size_t which = below(flying_.size());
      const Flying f = std::move(flying_[which]);
      flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(which));
      if (chance(20)) continue;  // lost
      for (std::size_t i = 0; i < members_.size(); ++i) {
        const bool reader =
            std::find(f.readers.begin(), f.readers.end(), members_[i].first) != f.readers.end();
        const bool recent = group(i).epoch().value - f.epoch.value <= config_.max_past_epochs;
        const auto opened = group(i).unprotect(f.message, world_.env);
        if (reader && recent && f.sender != group(i).own_leaf()) {
          EXPECT_TRUE(opened) << to_string(opened.error().code) << opened.error().message;
          EXPECT_FALSE(group(i).unprotect(f.message, world_.env)) << "a replay";
        } else {
          EXPECT_FALSE(opened) << "by somebody who should not be able to";
        }
      }
    }
  }

  struct Newcomer {
    TestClient client;
    KeyPackageBundle bundle;
  };

  void send_to_all(std::size_t from, const Bytes& message) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (i != from) must(group(i).process(message, world_.env), "proposal");
    }
  }

  std::vector<Proposal> some_proposals(std::size_t committer, std::vector<Newcomer>& newcomers) {
    std::vector<Proposal> out;
    if (members_.size() < 2 || (members_.size() < most_members_ && chance(45))) {
      const std::size_t room = most_members_ - members_.size();
      for (std::uint64_t n = 1 + below(std::min<std::size_t>(room, 3 + room / 4)); n > 0; --n) {
        TestClient client = new_client();
        KeyPackageBundle bundle = client.package({{}, false, chance(50)});
        out.push_back(Proposal::add(bundle.key_package));
        newcomers.push_back({std::move(client), std::move(bundle)});
      }
    }
    if (members_.size() > 2 && chance(35)) {
      for (std::uint64_t n = chance(20) ? 4 : 1; n > 0; --n) {
        const std::size_t target = pick();
        const Proposal remove = Proposal::remove(group(target).own_leaf());
        if (target != committer && std::find(out.begin(), out.end(), remove) == out.end())
          out.push_back(remove);
      }
    }
    if (chance(15)) out.push_back(Proposal::external_psk(Bytes{1}, world_.random));
    // Newcomers have never been in this epoch.
    if (newcomers.empty() && chance(15)) {
      out.push_back(
          Proposal::resumption_psk(group(committer).group_id(), group(committer).epoch(), world_.random));
    }
    if (chance(10)) {
      out.push_back(Proposal::group_context_extensions(
          {RequiredCapabilities{{}, {}, {CredentialType::basic}}.to_extension()}));
    }
    return out;
  }

  void ordinary_commit() {
    for (std::uint64_t n = below(3); n > 0 && members_.size() > 1; --n) {
      const std::size_t who = pick();
      ProposeOptions options;
      options.format = some_format();
      const Identity fresh{members_[who].second.client.identity.credential,
                           SignatureKeyPair::generate(world_.random)};
      send_to_all(
          who, must(group(who).propose_update(chance(30) ? &fresh : nullptr, options, world_.env), "update"));
    }
    const std::size_t committer = pick();
    std::vector<Newcomer> newcomers;
    const std::vector<Proposal> proposals = some_proposals(committer, newcomers);
    CommitOptions options;
    options.format = some_format();
    options.force_path = chance(60);
    const bool by_reference = members_.size() > 1 && chance(40);
    if (by_reference) {
      for (const Proposal& p : proposals) {
        std::size_t proposer = pick();
        if (const auto* remove = p.as<Remove>();
            remove != nullptr && remove->removed == group(proposer).own_leaf())
          proposer = committer;
        send_to_all(proposer, must(group(proposer).propose(p, {}, world_.env), "propose"));
      }
    } else {
      options.proposals = proposals;
    }
    auto made = must(group(committer).commit(options, world_.env), "commit");
    std::size_t winner = committer;
    if (members_.size() > 1 && chance(20)) {  // somebody else is as quick
      const std::size_t rival = pick();
      if (rival != committer) {
        auto rivals = must(group(rival).commit({}, world_.env), "a rival's commit");
        if (chance(50)) {
          made = std::move(rivals);
          winner = rival;
        }
      }
    }
    take_effect(winner, std::move(made), newcomers);
  }

  /// The delivery service has chosen this commit.
  void take_effect(std::size_t committer, CommitResult made, std::vector<Newcomer>& newcomers) {
    std::vector<std::size_t> removed;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (i == committer) continue;
      const auto done = must(group(i).process(made.message, world_.env), "process");
      if (done.as<EpochChange>()->removed_me) removed.push_back(i);
    }
    if (chance(20)) made.pending = must(PendingCommit::load(made.pending.save().view()), "pending");
    must(group(committer).adopt(std::move(made.pending), world_.env), "adopt");
    leave(removed);
    if (!made.welcome) return;
    const std::vector<Bytes> recipients = must(peek(*made.welcome), "peek").recipients;
    for (Newcomer& n : newcomers) {
      if (std::find(recipients.begin(), recipients.end(), n.bundle.reference) == recipients.end()) continue;
      JoinOptions join_options;
      join_options.config = config_;
      Group joined = must(
          Group::join(*made.welcome, n.bundle, n.client.identity.clone(), join_options, world_.env), "join");
      join(std::move(n.client), std::move(joined));
    }
  }

  /// A successor group of those `who`, made by the first of them, with or without the others' leave.
  std::vector<Group> successor(const std::vector<std::size_t>& who, bool reinit) {
    std::vector<KeyPackageBundle> bundles;
    std::vector<KeyPackage> packages;
    for (std::size_t k = 1; k < who.size(); ++k) {
      bundles.push_back(
          must(make_key_package(world_.suite, group(who[k]).identity(), world_.lifetime(), {}, world_.env),
               "package"));
      packages.push_back(bundles.back().key_package);
    }
    const Group& first = group(who[0]);
    auto made = must(reinit ? first.reinitialize(packages, first.identity().clone(), config_, world_.env)
                            : first.branch(as_bytes("branch"), {}, packages, first.identity().clone(),
                                           config_, world_.env),
                     reinit ? "reinitialize" : "branch");
    std::vector<Group> out;
    out.push_back(std::move(made.group));
    for (std::size_t k = 1; k < who.size(); ++k) {
      JoinOptions options;
      options.config = config_;
      options.old_group = &group(who[k]);
      out.push_back(must(
          Group::join(made.welcome, bundles[k - 1], group(who[k]).identity().clone(), options, world_.env),
          "join a successor"));
      EXPECT_TRUE(out.back().epoch_authenticator() == out.front().epoch_authenticator());
    }
    return out;
  }

  void reinitialize() {
    ReInit next;
    next.group_id = to_bytes(as_bytes("history " + std::to_string(named_++)));
    next.cipher_suite = world_.suite =
        CipherSuite{world_.suite == CipherSuite{1} ? std::uint16_t{3} : std::uint16_t{1}};
    CommitOptions options;
    options.proposals = {Proposal::reinit(next)};
    options.by_reference = ProposalsByReference::none;
    options.force_path = chance(50);
    const std::size_t committer = pick();
    auto made = must(group(committer).commit(options, world_.env), "commit a ReInit");
    std::vector<Newcomer> nobody;
    take_effect(committer, std::move(made), nobody);
    std::vector<std::size_t> everybody(members_.size());
    std::iota(everybody.begin(), everybody.end(), std::size_t{0});
    std::vector<Group> groups = successor(everybody, true);
    for (std::size_t i = 0; i < members_.size(); ++i) {
      EXPECT_FALSE(group(i).active());
      group(i) = std::move(groups[i]);
    }
    flying_.clear();  // of a group that is over
  }

  void branch() {
    std::vector<std::size_t> some;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (chance(50)) some.push_back(i);
    }
    if (some.size() < 2) return;
    std::vector<Group> groups = successor(some, false);
    const Bytes message = must(groups.front().protect(as_bytes("among us"), {}, world_.env), "protect");
    for (std::size_t k = 1; k < groups.size(); ++k)
      must(groups[k].unprotect(message, world_.env), "unprotect in a branch");
  }

  void external_join() {
    const Bytes info = must(group(pick()).group_info({}), "group info");
    ExternalJoinOptions options;
    options.config = config_;
    std::optional<std::size_t> replaced;
    TestClient client = new_client();
    if (chance(60)) {
      replaced = pick();
      options.replaces = group(*replaced).own_leaf();
      client.identity = group(*replaced).identity().clone();
    }
    auto joined =
        must(Group::join_external(info, client.identity.clone(), options, world_.env), "join_external");
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const auto done = must(group(i).process(joined.commit, world_.env), "process external");
      EXPECT_EQ(done.as<EpochChange>()->removed_me, replaced == i);
    }
    if (replaced) leave({*replaced});
    join(std::move(client), std::move(joined.group));
  }

  void leave(const std::vector<std::size_t>& removed) {
    for (auto i = removed.rbegin(); i != removed.rend(); ++i) {
      EXPECT_FALSE(group(*i).active());
      gone_.push_back(std::move(members_[*i].second.group));
      members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(*i));
    }
    if (gone_.size() > 3) gone_.erase(gone_.begin());
  }

  void check_agreement() {
    const Group& first = group(0);
    for (std::size_t i = 1; i < members_.size(); ++i) {
      EXPECT_EQ(group(i).epoch(), first.epoch());
      EXPECT_EQ(group(i).tree_hash(), first.tree_hash());
      EXPECT_EQ(group(i).member_count(), members_.size());
      EXPECT_TRUE(group(i).epoch_authenticator() == first.epoch_authenticator());
      EXPECT_TRUE(*group(i).export_secret("x", {}, 32) == *first.export_secret("x", {}, 32));
    }
    const auto secret = group(0).protect(as_bytes("not for those who left"), {}, world_.env);
    for (Group& g : gone_)
      EXPECT_FALSE(g.unprotect(*secret, world_.env));
  }

  void check_everybody_talks() {
    for (std::size_t from = 0; from < members_.size(); ++from) {
      const Bytes message = must(group(from).protect(as_bytes("all"), {}, world_.env), "protect");
      for (std::size_t i = 0; i < members_.size(); ++i) {
        if (i != from) must(group(i).unprotect(message, world_.env), "unprotect");
      }
    }
  }

  SeededRandom choice_;
  std::size_t most_members_;
  TestWorld world_;
  GroupConfig config_;
  Members members_;
  std::vector<Group> gone_;
  std::vector<Flying> flying_;
  std::size_t named_ = 0;
  std::size_t serial_ = 0;
};

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Histories : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seed, Histories, testing::Range<std::uint64_t>(1, 13));

TEST_P(Histories, EverybodyAgreesAfterEachCommit) {
  const std::uint64_t seed = GetParam() + number_from_environment("SOTTO_MLS_HISTORY_SEED", 0);
  SCOPED_TRACE("seed " + std::to_string(seed));
  History history(seed);
  const std::uint64_t steps = number_from_environment("SOTTO_MLS_HISTORY_STEPS", size_of(seed).steps);
  for (std::uint64_t i = 0; i < steps; ++i) {
    history.step();
    ASSERT_FALSE(HasFailure()) << "step " << i;
  }
}

}  // namespace
}  // namespace sotto::mls
