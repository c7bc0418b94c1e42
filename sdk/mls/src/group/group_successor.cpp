// Groups that come out of groups: reinitialisation and branches (RFC 9420 §11.2, §11.3).
#include <algorithm>

#include "sdk/mls/src/group/group_commit.hpp"
#include "sdk/mls/src/group/group_join.hpp"

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
  PskId id = PskId::resumption(old.group_id(), old.epoch(), env.random);
  id.usage = successor.usage;
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

/// Whoever starts a successor stays who it was in the old group.
Result<Bytes> starters_identity(const GroupState& old, const Identity& identity, const Policy& policy) {
  Bytes out = policy.identity_of(leaf_of(identity));
  if (const LeafNode* leaf = old.current.tree.leaf(old.self());
      leaf != nullptr && policy.identity_of(*leaf) == out)
    return out;
  return Error{ErrorCode::successor_members_mismatch, "the starter is not who it was in the old group"};
}

std::set<Bytes> identities_of(const std::vector<KeyPackage>& members, const Policy& policy) {
  std::set<Bytes> out;
  for (const KeyPackage& package : members)
    out.insert(policy.identity_of(package.leaf_node));
  return out;
}

}  // namespace

Result<Group::NewGroup> Group::reinitialize(const std::vector<KeyPackage>& members, Identity identity,
                                            const GroupConfig& config, const Environment& env) const {
  if (!state_->reinit || state_->removed)
    return Error{ErrorCode::invalid_argument, "no ReInit has been committed in this group"};
  const ReInit& reinit = *state_->reinit;
  auto starter = starters_identity(*state_, identity, env.policy);
  if (!starter) return starter.error();
  std::set<Bytes> next = identities_of(members, env.policy);
  next.insert(std::move(*starter));
  if (next != identities_in(state_->current.tree, env.policy))
    return Error{ErrorCode::successor_members_mismatch,
                 "a member's key package is missing, or there is one of a stranger"};
  Successor successor;
  successor.params = {reinit.cipher_suite, reinit.group_id, reinit.extensions, std::nullopt, config};
  successor.usage = ResumptionUsage::reinit;
  return start(*this, std::move(successor), members, std::move(identity), env);
}

Result<Group::NewGroup> Group::branch(ByteView group_id, const Extensions& extensions,
                                      const std::vector<KeyPackage>& members, Identity identity,
                                      const GroupConfig& config, const Environment& env) const {
  if (auto starter = starters_identity(*state_, identity, env.policy); !starter) return starter.error();
  const std::set<Bytes> next = identities_of(members, env.policy);
  const std::set<Bytes> ours = identities_in(state_->current.tree, env.policy);
  if (!std::includes(ours.begin(), ours.end(), next.begin(), next.end()))
    return Error{ErrorCode::successor_members_mismatch, "a key package of somebody who is not in this group"};
  Successor successor;
  successor.params = {cipher_suite(), to_bytes(group_id), extensions, std::nullopt, config};
  successor.usage = ResumptionUsage::branch;
  return start(*this, std::move(successor), members, std::move(identity), env);
}

}  // namespace sotto::mls
