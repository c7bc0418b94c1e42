// Secrets that should be gone are gone: the memory of this process is searched for them (RFC 9420 §9.2).
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>

#include "sdk/mls/src/group/group_state.hpp"
#include "tests/unit/sdk/mls/forging.hpp"
#include "tests/unit/sdk/mls/test_client.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SOTTO_SHADOW_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SOTTO_SHADOW_MEMORY 1
#endif
#endif

namespace sotto::mls {
namespace {

/// What to look for, kept inverted, so that the search does not find itself. The first and the last byte are
/// left out: X25519 changes some of their bits, and a copy with those changed is a copy.
class Needle {
 public:
  explicit Needle(ByteView secret) {
    for (std::size_t i = 1; i + 1 < secret.size(); ++i)
      inverted_.push_back(static_cast<std::uint8_t>(~secret[i]));
  }
  [[nodiscard]] bool is_at(const std::uint8_t* p) const {
    for (std::size_t i = 0; i < inverted_.size(); ++i) {
      if (static_cast<std::uint8_t>(~p[i]) != inverted_[i]) return false;
    }
    return true;
  }
  [[nodiscard]] int first() const { return static_cast<std::uint8_t>(~inverted_[0]); }
  [[nodiscard]] std::size_t size() const { return inverted_.size(); }

 private:
  Bytes inverted_;
};

/// How many copies there are in memory that can be written: heap, stack and static data.
std::size_t copies_in_memory(const Needle& needle) {
  std::size_t found = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char mode[5] = {};
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, mode) != 3) continue;
    if (std::strncmp(mode, "rw", 2) != 0) continue;
    const auto* p = reinterpret_cast<const std::uint8_t*>(begin);
    const auto* last = reinterpret_cast<const std::uint8_t*>(end) - needle.size();
    while (p <= last) {
      p = static_cast<const std::uint8_t*>(
          std::memchr(p, needle.first(), static_cast<std::size_t>(last - p) + 1));
      if (p == nullptr) break;
      if (needle.is_at(p)) ++found;
      ++p;
    }
  }
  return found;
}

using Needles = std::vector<std::pair<std::string, Needle>>;

void expect_gone(const Needles& needles) {
  EXPECT_FALSE(needles.empty());
  for (const auto& [name, needle] : needles)
    EXPECT_EQ(copies_in_memory(needle), 0u) << name;
}

void expect_there(const Needles& needles) {
  for (const auto& [name, needle] : needles)
    EXPECT_NE(copies_in_memory(needle), 0u) << name << ": the search is blind";
}

void add_epoch_secrets(const Group& group, Needles& out) {
  const EpochSecrets& s = group.internals().current.secrets;
  const std::pair<const char*, const SecretBytes*> all[] = {{"sender data", &s.sender_data},
                                                            {"exporter", &s.exporter},
                                                            {"external", &s.external},
                                                            {"confirmation", &s.confirmation_key},
                                                            {"membership", &s.membership_key},
                                                            {"resumption", &s.resumption_psk},
                                                            {"authenticator", &s.epoch_authenticator},
                                                            {"init", &s.init}};
  for (const auto& [name, secret] : all)
    out.emplace_back(name, Needle(secret->view()));
}

void add_message_secrets(const Group& group, Needles& out) {
  const SecretTree& messages = group.internals().current.messages;
  for (const auto& [x, secret] : messages.nodes())
    out.emplace_back("node " + std::to_string(x.value) + " of the secret tree", Needle(secret.view()));
  for (const auto& [id, ratchet] : messages.ratchets())
    out.emplace_back("ratchet of leaf " + std::to_string(id.first.value), Needle(ratchet.secret.view()));
}

void add_private_keys(const Group& group, Needles& out) {
  for (const auto& [x, pair] : group.internals().current.keys.all())
    out.emplace_back("private key of node " + std::to_string(x.value), Needle(pair->private_key.view()));
}

struct SecretsInMemory : testing::TestWithParam<CipherSuite> {
  TestWorld world;
  std::vector<TestClient> clients;
  std::vector<Group> groups;

  void SetUp() override {
#if !defined(__linux__)
    GTEST_SKIP() << "reads /proc/self/maps";
#elif defined(SOTTO_SHADOW_MEMORY)
    GTEST_SKIP() << "a sanitizer's shadow memory is terabytes";
#endif
    world.suite = GetParam();
    // Secrets of its own: other tests in this process copy those that come from the usual seed.
    world.random = SeededRandom(20);
    clients = clients_named(world, {"alice", "bob", "carol", "dave"});
    GroupConfig config;  // nothing of past epochs is kept, so that everything of them must be gone
    config.max_past_epochs = 0;
    config.max_resumption_psks = 0;
    groups = group_of(world, clients, config);
  }

  void update(std::size_t by) {
    std::vector<Group*> others;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (i != by && groups[i].active()) others.push_back(&groups[i]);
    }
    const auto done = commit_to_all(world, groups[by], others, {});
    ASSERT_TRUE(done) << to_string(done.error().code);
  }
};
INSTANTIATE_TEST_SUITE_P(Suites, SecretsInMemory, testing::Values(CipherSuite{1}, CipherSuite{3}),
                         [](const auto& p) { return std::to_string(static_cast<unsigned>(p.param)); });

TEST_P(SecretsInMemory, ACopyThatIsKeptIsFoundAndOneThatWasWipedIsNot) {
  SecretBytes kept = SecretBytes::random(world.random, 32);
  const Needles needle{{"kept", Needle(kept.view())}};
  expect_there(needle);
  auto careless = std::make_unique<Bytes>(to_bytes(kept.view()));
  kept.clear();
  expect_there(needle);
  wipe(*careless);
  expect_gone(needle);
}

TEST_P(SecretsInMemory, AnEpochsSecretsAreGoneWhenItIsOver) {
  Needles needles;
  for (const Group& g : groups) {
    add_epoch_secrets(g, needles);
    add_message_secrets(g, needles);
  }
  expect_there(needles);
  update(0);
  expect_gone(needles);
}

TEST_P(SecretsInMemory, ACommitThatLostLeavesNothingBehind) {
  Needles needles;
  {
    auto lost = groups[1].commit({}, world.env);
    ASSERT_TRUE(lost);
    {
      Group if_it_had_won = groups[1].clone();
      auto pending = PendingCommit::load(lost->pending.save().view());
      ASSERT_TRUE(pending && if_it_had_won.adopt(std::move(*pending), world.env));
      add_epoch_secrets(if_it_had_won, needles);
      add_private_keys(if_it_had_won, needles);
    }
    expect_there(needles);
    update(0);
    EXPECT_FALSE(groups[1].adopt(std::move(lost->pending), world.env));
  }
  expect_gone(needles);
}

TEST_P(SecretsInMemory, AMessagesKeyIsGoneOnceItHasBeenUsed) {
  Needles needles;
  {
    SecretTree copy = groups[0].internals().current.messages.clone();
    for (int i = 0; i < 3; ++i) {
      const MessageKey key = std::move(copy.next(LeafIndex{0}, RatchetType::application)).value();
      needles.emplace_back("key " + std::to_string(i), Needle(key.key.view()));
      needles.emplace_back("ratchet " + std::to_string(i),
                           Needle(copy.ratchet(LeafIndex{0}, RatchetType::application)->secret.view()));
    }
    needles.pop_back();  // the state after the third message is the present one
  }
  std::vector<Bytes> sent;
  for (int i = 0; i < 3; ++i)
    sent.push_back(groups[0].protect(as_bytes("hello"), {}, world.env).value());
  expect_gone(needles);
  ASSERT_TRUE(groups[1].unprotect(sent[2], world.env));
  EXPECT_NE(copies_in_memory(needles[0].second), 0u) << "the key of a skipped message is kept for it";
  for (const std::size_t i : {std::size_t{1}, std::size_t{0}})
    ASSERT_TRUE(groups[1].unprotect(sent[i], world.env));
  expect_gone(needles);
}

TEST_P(SecretsInMemory, APlaintextIsTheCallersAlone) {
  SecretBytes text = SecretBytes::random(world.random, 200);
  const Needles needles{{"plaintext", Needle(text.view())}};
  auto sealed = groups[0].protect(text.view(), {}, world.env);
  text.clear();
  expect_gone(needles);
  auto opened = groups[1].unprotect(*sealed, world.env);
  ASSERT_TRUE(opened);
  EXPECT_EQ(copies_in_memory(needles[0].second), 1u);
  wipe(opened->data);
  expect_gone(needles);
}

TEST_P(SecretsInMemory, APlaintextThatIsRefusedLeavesNothingBehind) {
  Needles needles;
  Bytes wrongly_signed;
  {
    const SecretBytes text = SecretBytes::random(world.random, 200);
    // Without its beginning, which the allocator writes over when the memory is freed.
    needles.emplace_back("plaintext", Needle(text.view().subspan(32)));
    const GroupState& state = groups[0].internals();
    AuthenticatedContent content;
    content.wire_format = WireFormat::private_message;
    content.content = content_from(groups[0], ApplicationData{to_bytes(text.view())});
    content.auth.signature = Bytes(64, 1);
    SecretTree tree = state.current.messages.clone();
    const MessageKey key = std::move(tree.next(groups[0].own_leaf(), RatchetType::application)).value();
    wrongly_signed = to_message(
        WireFormat::private_message,
        seal_private(*state.suite, content, key, state.current.secrets.sender_data, 0, world.random));
    wipe(std::get<ApplicationData>(content.content.content).data);
  }
  expect_gone(needles);
  EXPECT_EQ(groups[1].process(wrongly_signed, world.env).error().code, ErrorCode::signature_invalid);
  expect_gone(needles);
}

TEST_P(SecretsInMemory, AnInitKeyIsGoneWithItsBundleAndALeafKeyWhenItIsReplaced) {
  TestClient eve(world, "eve");
  Needles init;
  Needles leaf;
  std::optional<Group> joined;
  {
    const KeyPackageBundle bundle = eve.package();
    init.emplace_back("init key", Needle(bundle.init_private_key.view()));
    leaf.emplace_back("leaf key", Needle(bundle.encryption_private_key.view()));
    CommitOptions options;
    options.proposals = {Proposal::add(bundle.key_package)};
    std::optional<Bytes> welcome;
    ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[1], &groups[2], &groups[3]}, options, &welcome));
    joined = Group::join(*welcome, bundle, eve.identity.clone(), {}, world.env).value();
    expect_there(init);
  }
  expect_gone(init);
  expect_there(leaf);
  ASSERT_TRUE(commit_to_all(world, *joined, {&groups[0], &groups[1], &groups[2], &groups[3]}, {}));
  expect_gone(leaf);
}

TEST_P(SecretsInMemory, PathKeysAreGoneWhenTheyAreReplaced) {
  update(0);
  Needles needles;
  add_private_keys(groups[0], needles);
  expect_there(needles);
  for (std::size_t i = 0; i < groups.size(); ++i)
    update(i);
  expect_gone(needles);
}

TEST_P(SecretsInMemory, WhoWasRemovedKeepsNothingThatOpensTheNextEpochs) {
  for (std::size_t i = 0; i < groups.size(); ++i)
    update(i);
  Needles needles;
  add_private_keys(groups[3], needles);
  needles.emplace_back("init", Needle(groups[3].internals().current.secrets.init.view()));
  needles.emplace_back("external", Needle(groups[3].internals().current.secrets.external.view()));
  // No past epochs are kept here, so nothing of the last one stays either, but for what its state is checked
  // with and what members compare.
  needles.emplace_back("exporter", Needle(groups[3].internals().current.secrets.exporter.view()));
  needles.emplace_back("membership", Needle(groups[3].internals().current.secrets.membership_key.view()));
  needles.emplace_back("resumption", Needle(groups[3].internals().current.secrets.resumption_psk.view()));
  needles.emplace_back("sender data", Needle(groups[3].internals().current.secrets.sender_data.view()));
  add_message_secrets(groups[3], needles);
  CommitOptions options;
  options.proposals = {Proposal::remove(LeafIndex{3})};
  ASSERT_TRUE(commit_to_all(world, groups[0], {&groups[1], &groups[2], &groups[3]}, options));
  EXPECT_FALSE(groups[3].active());
  for (std::size_t i = 0; i < 3; ++i)
    update(i);  // those who stay replace the keys they shared with the removed one
  expect_gone(needles);
  EXPECT_TRUE(Group::load(groups[3].save().view(), {})) << "the state of a removed member is still one";
}

TEST_P(SecretsInMemory, AGroupTakesItsSecretsWithIt) {
  Needles needles;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    (void)groups[i].protect(as_bytes("x"), {}, world.env);
    (void)groups[i].save();
    (void)groups[i].take_changes();
    add_epoch_secrets(groups[i], needles);
    add_message_secrets(groups[i], needles);
    add_private_keys(groups[i], needles);
    const SecretBytes seed = clients[i].identity.keys.seed();
    needles.emplace_back("signature key", Needle(seed.view()));
  }
  groups.clear();
  clients.clear();
  expect_gone(needles);
}

}  // namespace
}  // namespace sotto::mls
