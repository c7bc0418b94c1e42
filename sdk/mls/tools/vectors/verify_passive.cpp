// A client that joins and then follows commits of others (passive-client-*.json, interop-passive-*.json).
#include <map>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "sdk/mls/tools/vectors/verifiers.hpp"
#include "sotto/mls/group.hpp"

namespace sotto::mls::vectors {

namespace {

class GivenPsks final : public PskSource {
 public:
  explicit GivenPsks(const VectorCase& c) {
    for (const VectorCase& p : c.objects("external_psks"))
      psks_.emplace(p.hex("psk_id"), p.hex("psk"));
  }
  [[nodiscard]] std::optional<SecretBytes> external_psk(ByteView psk_id) const override {
    const auto at = psks_.find(to_bytes(psk_id));
    if (at == psks_.end()) return std::nullopt;
    return SecretBytes(at->second);
  }

 private:
  std::map<Bytes, Bytes> psks_;
};

/// Everything the protocol allows is allowed: what is tested is the protocol.
class AllowAll final : public Policy {
 public:
  [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck&) const override {
    return std::nullopt;
  }
  [[nodiscard]] bool knows_group(ByteView) const override { return false; }
  [[nodiscard]] bool allow_proposal(const Sender&, const Proposal&) const override { return true; }
};

GroupConfig passive_config() {
  GroupConfig config;
  config.max_resumption_psks = ~std::uint32_t{0};  // any past epoch's may be asked for
  return config;
}

using Records = std::map<Bytes, SecretBytes>;

void keep_changes(Group& group, Records& kept) {
  for (StateRecord& record : group.take_changes()) {
    kept.erase(record.key);
    if (record.value) kept.emplace(std::move(record.key), std::move(*record.value));
  }
}

Group load_kept(const Records& kept) {
  std::vector<StateRecord> records;
  for (const auto& [key, value] : kept)
    records.push_back({key, value.clone()});
  return unwrap(Group::load(records, passive_config()), "load");
}

}  // namespace

void verify_passive_client(const VectorCase& c, const Options& options) {
  suite_of(c);
  const GivenPsks psks(c);
  const AllowAll policy;
  Environment env{system_random(), wall_clock_now, policy, &psks};
  env.lifetimes = {options.check_lifetimes, options.check_lifetimes, 0};

  const auto bundle =
      unwrap(KeyPackageBundle::from_parts(c.hex("key_package"), c.hex("init_priv"), c.hex("encryption_priv")),
             "key_package");
  if (options.check_lifetimes) unwrap(validate_key_package(bundle.key_package, env), "key_package");
  auto keys = unwrap(SignatureKeyPair::from_seed(c.hex("signature_priv")), "signature_priv");
  expect_equal(keys.public_key(), bundle.key_package.leaf_node.signature_key, "signature_priv");
  const LeafNode& leaf = bundle.key_package.leaf_node;
  Identity identity{leaf.credential, std::move(keys), leaf.capabilities, leaf.extensions};

  JoinOptions join;
  join.ratchet_tree = c.optional_hex("ratchet_tree");
  join.config = passive_config();
  Group group = unwrap(Group::join(c.hex("welcome"), bundle, std::move(identity), join, env), "join");
  expect_equal(group.epoch_authenticator().view(), c.hex("initial_epoch_authenticator"),
               "initial_epoch_authenticator");

  Records kept;
  std::size_t number = 0;
  for (const VectorCase& e : c.objects("epochs")) {
    const std::string at = "epoch " + std::to_string(number++) + ": ";
    for (const auto& proposal : e.array("proposals"))
      unwrap(group.process(hex_of(proposal, "proposals"), env), at + "proposal");
    // What is kept on a disk must do as well as what is in memory.
    keep_changes(group, kept);
    group = load_kept(kept);
    const auto done = unwrap(group.process(e.hex("commit"), env), at + "commit");
    expect(done.as<EpochChange>() != nullptr, at + "the commit is a commit");
    expect_equal(group.epoch_authenticator().view(), e.hex("epoch_authenticator"),
                 at + "epoch_authenticator");
    keep_changes(group, kept);
    expect_equal(load_kept(kept).save().view(), group.save().view(), at + "what is kept is what is");
  }
}

}  // namespace sotto::mls::vectors
