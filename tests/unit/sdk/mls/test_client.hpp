// Clients for tests of groups: a name, keys, and what the library asks of an application.
#pragma once

#include <map>
#include <string>

#include "base/random.hpp"
#include "sotto/mls/group.hpp"

namespace sotto::mls {

inline constexpr Timestamp kTestNow{Milliseconds{1'750'000'000'000}};

class MapOfPsks final : public PskSource {
 public:
  std::map<Bytes, Bytes> external;
  [[nodiscard]] std::optional<SecretBytes> external_psk(ByteView id) const override {
    const auto at = external.find(to_bytes(id));
    if (at == external.end()) return std::nullopt;
    return SecretBytes(at->second);
  }
};

/// One test's surroundings.
struct TestWorld {
  SeededRandom random{7};
  AcceptEveryCredential policy;
  MapOfPsks psks;
  Timestamp now = kTestNow;
  Environment env{random, [this] { return now; }, policy, &psks};
  CipherSuite suite = kDefaultSuite;

  [[nodiscard]] Lifetime lifetime() const {
    return Lifetime::between(now - std::chrono::hours(1), now + std::chrono::hours(1000));
  }
};

struct TestClient {
  TestClient(TestWorld& w, std::string_view name)
      : world(&w), identity{Credential::basic(as_bytes(name)), SignatureKeyPair::generate(w.random)} {}

  KeyPackageBundle package(const KeyPackageOptions& options = {}) {
    return std::move(make_key_package(world->suite, identity, world->lifetime(), options, world->env))
        .value();
  }
  Group create(std::string_view group_id, GroupConfig config = {}) {
    GroupParams params;
    params.cipher_suite = world->suite;
    params.group_id = to_bytes(as_bytes(group_id));
    params.lifetime = world->lifetime();
    params.config = config;
    return std::move(Group::create(params, identity.clone(), world->env)).value();
  }

  TestWorld* world;
  Identity identity;
};

/// `committer` commits, everybody else follows.
inline Result<EpochChange> commit_to_all(TestWorld& world, Group& committer,
                                         const std::vector<Group*>& others, const CommitOptions& options,
                                         std::optional<Bytes>* welcome = nullptr) {
  auto made = committer.commit(options, world.env);
  if (!made) return made.error();
  for (Group* other : others) {
    auto done = other->process(made->message, world.env);
    if (!done) return done.error();
  }
  if (welcome != nullptr) *welcome = made->welcome;
  return committer.adopt(std::move(made->pending), world.env);
}

/// A group of everybody named, the first one having added the others at once.
inline std::vector<Group> group_of(TestWorld& world, std::vector<TestClient>& clients,
                                   GroupConfig config = {}) {
  std::vector<Group> out;
  out.push_back(clients[0].create("group", config));
  CommitOptions options;
  std::vector<KeyPackageBundle> bundles;
  for (std::size_t i = 1; i < clients.size(); ++i) {
    bundles.push_back(clients[i].package());
    options.proposals.push_back(Proposal::add(bundles.back().key_package));
  }
  auto made = out[0].commit(options, world.env);
  (void)out[0].adopt(std::move(made->pending), world.env).value();
  for (std::size_t i = 1; i < clients.size(); ++i) {
    JoinOptions join;
    join.config = config;
    out.push_back(
        Group::join(*made->welcome, bundles[i - 1], clients[i].identity.clone(), join, world.env).value());
  }
  return out;
}

inline std::vector<TestClient> clients_named(TestWorld& world, const std::vector<std::string>& names) {
  std::vector<TestClient> out;
  for (const std::string& name : names)
    out.emplace_back(world, name);
  return out;
}

}  // namespace sotto::mls
