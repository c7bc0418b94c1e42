// Groups that come out of groups: reinitialisation and branches (RFC 9420 §11.2, §11.3).
#include <algorithm>

#include "base/random.hpp"
#include "sdk/mls/src/group/group_commit.hpp"

namespace sotto::mls {

namespace {

/// Answers for one resumption PSK of the old group, and passes everything else on.
class WithResumption final : public PskSource {
 public:
  WithResumption(const PskSource* next, const PskId& id, const SecretBytes& secret)
      : next_(next), id_(id), secret_(secret) {}
  [[nodiscard]] std::optional<SecretBytes> external_psk(ByteView psk_id) const override {
    return next_ != nullptr ? next_->external_psk(psk_id) : std::nullopt;
  }
  [[nodiscard]] std::optional<SecretBytes> resumption_psk(ByteView group_id, Epoch epoch) const override {
    if (epoch == id_.epoch &&
        std::equal(group_id.begin(), group_id.end(), id_.group_id.begin(), id_.group_id.end()))
      return secret_.clone();
    return next_ != nullptr ? next_->resumption_psk(group_id, epoch) : std::nullopt;
  }

 private:
  const PskSource* next_;
  const PskId& id_;
  const SecretBytes& secret_;
};

struct Successor {
  GroupParams params;
  ResumptionUsage usage{};
};

Result<Group::NewGroup> start(const Group& old, Successor successor, const std::vector<KeyPackage>& members,
                              Identity identity, const Environment& env) {
  if (members.empty()) return Error{ErrorCode::invalid_argument, "a successor group of nobody else"};
  auto secret = old.resumption_psk(old.epoch());
  if (!secret) return Error{ErrorCode::psk_unknown, "no resumption PSK of this epoch"};
  PskId id;
  id.type = PskType::resumption;
  id.usage = successor.usage;
  id.group_id = old.group_id();
  id.epoch = old.epoch();
  id.nonce.resize(kHashSize);
  env.random.fill(id.nonce);
  const WithResumption psks(env.psks, id, *secret);
  Environment inside{env.random, env.now, env.policy, &psks, env.lifetimes};

  auto group = Group::create(successor.params, std::move(identity), inside);
  if (!group) return group.error();
  GroupState& state = group->internals();
  std::vector<Proposal> proposals;
  proposals.reserve(members.size() + 1);
  for (const KeyPackage& package : members)
    proposals.push_back(Proposal::add(package));
  proposals.push_back({PreSharedKey{id}});

  CommitParts parts;
  for (const Proposal& p : proposals) {
    parts.list.push_back({Sender::member(state.self()), &p, false, true});
    parts.entries.push_back({p});
  }
  parts.place = successor.usage == ResumptionUsage::reinit ? CommitPlace::first_of_reinit
                                                           : CommitPlace::first_of_branch;
  parts.signer = &state.identity;
  parts.force_path = true;
  auto made = make_commit(state, parts, inside);
  if (!made) return made.error();
  // Nobody else is in epoch 0, so there is nobody to wait for and nothing to remember of it.
  state.current = std::move(made->next);
  return Group::NewGroup{std::move(*group), std::move(*made->welcome)};
}

}  // namespace

Result<Group::NewGroup> Group::reinitialize(const std::vector<KeyPackage>& members, Identity identity,
                                            const GroupConfig& config, const Environment& env) const {
  if (!state_->reinit || state_->removed)
    return Error{ErrorCode::invalid_argument, "no ReInit has been committed in this group"};
  const ReInit& reinit = *state_->reinit;
  for (const Member& m : this->members()) {
    if (m.leaf == own_leaf()) continue;
    if (std::none_of(members.begin(), members.end(), [&](const KeyPackage& package) {
          return env.policy.same_identity(*m.node, package.leaf_node);
        }))
      return Error{ErrorCode::successor_members_mismatch, "a member's key package is missing"};
  }
  Successor successor;
  successor.params = {reinit.cipher_suite, reinit.group_id, reinit.extensions, std::nullopt, config};
  successor.usage = ResumptionUsage::reinit;
  return start(*this, std::move(successor), members, std::move(identity), env);
}

Result<Group::NewGroup> Group::branch(ByteView group_id, const Extensions& extensions,
                                      const std::vector<KeyPackage>& members, Identity identity,
                                      const GroupConfig& config, const Environment& env) const {
  const std::vector<Member> ours = this->members();
  for (const KeyPackage& package : members) {
    if (std::none_of(ours.begin(), ours.end(),
                     [&](const Member& m) { return env.policy.same_identity(*m.node, package.leaf_node); }))
      return Error{ErrorCode::successor_members_mismatch,
                   "a key package of somebody who is not in this group"};
  }
  Successor successor;
  successor.params = {cipher_suite(), to_bytes(group_id), extensions, std::nullopt, config};
  successor.usage = ResumptionUsage::branch;
  return start(*this, std::move(successor), members, std::move(identity), env);
}

}  // namespace sotto::mls
