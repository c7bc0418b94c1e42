#include "sdk/mls/src/group/proposal_list.hpp"

#include <algorithm>
#include <set>

#include "sdk/mls/src/tree/code_points.hpp"
#include "sdk/mls/src/tree/tree_validation.hpp"

namespace sotto::mls {

namespace {

std::size_t count(std::span<const ListedProposal> list, ProposalType type) {
  return static_cast<std::size_t>(std::count_if(
      list.begin(), list.end(), [&](const ListedProposal& p) { return p.proposal->type() == type; }));
}

/// The rules about an external commit's list (§12.2, §12.4.3.2).
Result<void> check_external_list(std::span<const ListedProposal> list) {
  for (const ListedProposal& p : list) {
    if (p.by_reference)
      return Error{ErrorCode::external_commit_by_reference, "an external commit by reference"};
    const ProposalType type = p.proposal->type();
    if (type != ProposalType::external_init && type != ProposalType::remove && type != ProposalType::psk)
      return Error{ErrorCode::external_commit_proposal_invalid,
                   "an external commit holds a proposal of another type"};
  }
  if (count(list, ProposalType::external_init) != 1)
    return Error{ErrorCode::external_init_count_invalid, "an external commit has one ExternalInit"};
  if (count(list, ProposalType::remove) > 1)
    return Error{ErrorCode::external_commit_remove_count_invalid,
                 "an external commit removes one leaf at most"};
  return {};
}

/// Who is changed by whom, and how often.
Result<void> check_targets(std::span<const ListedProposal> list, const Sender& committer) {
  std::set<LeafIndex> targets;
  for (const ListedProposal& p : list) {
    LeafIndex target;
    if (const auto* remove = p.proposal->as<Remove>()) {
      target = remove->removed;
      if (committer == Sender::member(target))
        return Error{ErrorCode::remove_of_committer, "a commit that removes its committer"};
    } else if (p.proposal->as<Update>() != nullptr) {
      if (p.sender == committer)
        return Error{ErrorCode::update_by_committer, "a commit with its committer's Update"};
      target = p.sender.leaf();
    } else {
      continue;
    }
    if (!targets.insert(target).second)
      return Error{ErrorCode::leaf_changed_twice,
                   "leaf " + std::to_string(target.value) + " is changed twice"};
  }
  return {};
}

Result<void> check_member_list(std::span<const ListedProposal> list, const Sender& committer) {
  if (count(list, ProposalType::external_init) != 0)
    return Error{ErrorCode::external_init_misplaced, "an ExternalInit in a member's commit"};
  if (count(list, ProposalType::group_context_extensions) > 1)
    return Error{ErrorCode::group_context_extensions_duplicate, "several GroupContextExtensions"};
  if (count(list, ProposalType::reinit) != 0 && list.size() > 1)
    return Error{ErrorCode::reinit_not_alone, "a ReInit among other proposals"};
  return check_targets(list, committer);
}

/// Non-default proposal types need the support of everybody who stays (§12.2).
Result<void> check_custom_types(const AppliedProposals& applied) {
  if (applied.custom.empty()) return {};
  std::vector<ProposalType> types;
  for (const CustomProposal& custom : applied.custom)
    types.push_back(custom.type);
  types = sorted_once(std::move(types));
  const std::set<LeafIndex> added(applied.added.begin(), applied.added.end());
  for (std::uint32_t i = 0; i < applied.tree.leaf_count().value; ++i) {
    const LeafNode* leaf = applied.tree.leaf({i});
    if (leaf == nullptr || added.contains({i})) continue;
    if (const auto missing = first_missing(leaf->capabilities.proposals, types))
      return Error{ErrorCode::proposal_type_unsupported, "leaf " + std::to_string(i) +
                                                             " does not support the proposal type " +
                                                             std::to_string(static_cast<unsigned>(*missing))};
  }
  return {};
}

/// New GroupContext extensions need the support of everybody who stays (§12.1.7); who comes or changes has
/// been checked against them already.
Result<void> check_members_support(const AppliedProposals& applied) {
  if (!applied.extensions_changed) return {};
  for (const auto& leaf : applied.tree.leaves()) {
    if (!leaf) continue;
    auto ok = check_leaf_meets(*leaf, applied.needs);
    if (ok) continue;
    const ErrorCode code = ok.error().code == ErrorCode::leaf_lacks_group_extension
                               ? ErrorCode::member_lacks_group_extension
                           : ok.error().code == ErrorCode::leaf_lacks_required_capability
                               ? ErrorCode::member_lacks_required_capability
                               : ok.error().code;
    return Error{code, ok.error().message};
  }
  return {};
}

/// A client is added once, and not while it is a member that stays (§12.2).
Result<void> check_new_clients(const RatchetTree& before_adds, std::span<const ListedProposal> list,
                               const Environment& env) {
  std::set<Bytes> added;
  for (const ListedProposal& p : list) {
    const auto* add = p.proposal->as<Add>();
    if (add != nullptr && !added.insert(env.policy.client_of(add->key_package.leaf_node)).second)
      return Error{ErrorCode::add_duplicate, "two Adds of one client"};
  }
  if (added.empty()) return {};
  for (const auto& leaf : before_adds.leaves()) {
    if (leaf && added.contains(env.policy.client_of(*leaf)))
      return Error{ErrorCode::add_existing_member, "an Add of a client that is a member"};
  }
  return {};
}

void apply_adds(AppliedProposals& out, std::span<const ListedProposal> list) {
  std::vector<const LeafNode*> leaves;
  for (const ListedProposal& p : list) {
    if (const auto* add = p.proposal->as<Add>()) {
      leaves.push_back(&add->key_package.leaf_node);
      out.added_packages.push_back(&add->key_package);
    }
  }
  out.added = out.tree.add_leaves(leaves);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    out.changed.push_back(out.added[i]);
    out.members.push_back({MemberChange::Kind::added, out.added[i], std::nullopt, *leaves[i]});
  }
}

/// In the order of §12.3: updates, removes, adds.
Result<void> change_tree(AppliedProposals& out, std::span<const ListedProposal> list,
                         const Environment& env) {
  for (const ListedProposal& p : list) {
    if (const auto* update = p.proposal->as<Update>()) {
      const LeafIndex leaf = p.sender.leaf();
      out.members.push_back({MemberChange::Kind::updated, leaf, *out.tree.leaf(leaf), update->leaf_node});
      out.tree.update_leaf(leaf, update->leaf_node);
      out.changed.push_back(leaf);
    }
  }
  for (const ListedProposal& p : list) {
    if (const auto* remove = p.proposal->as<Remove>()) {
      out.members.push_back(
          {MemberChange::Kind::removed, remove->removed, *out.tree.leaf(remove->removed), std::nullopt});
      out.tree.remove_leaf(remove->removed);
    }
  }
  if (count(list, ProposalType::remove) != 0) out.tree.truncate();
  if (count(list, ProposalType::add) + count(list, ProposalType::external_init) > out.tree.room())
    return Error{ErrorCode::value_too_large, "more members than a group can have"};
  if (auto ok = check_new_clients(out.tree, list, env); !ok) return ok;
  apply_adds(out, list);
  return {};
}

bool needs_path(const Proposal& proposal, const Environment& env) {
  switch (proposal.type()) {
    case ProposalType::add:
    case ProposalType::psk:
    case ProposalType::reinit:
      return false;
    case ProposalType::update:
    case ProposalType::remove:
    case ProposalType::external_init:
    case ProposalType::group_context_extensions:
      return true;
  }
  return env.policy.path_required(proposal.type());
}

}  // namespace

bool AppliedProposals::removes(LeafIndex leaf) const {
  return std::any_of(members.begin(), members.end(), [&](const MemberChange& c) {
    return c.kind == MemberChange::Kind::removed && c.leaf == leaf;
  });
}

Result<AppliedProposals> apply_proposals(const GroupState& state, const Sender& committer,
                                         std::span<const ListedProposal> list, CommitPlace place,
                                         const Environment& env) {
  if (state.current.context.epoch.value == ~std::uint64_t{0})
    return Error{ErrorCode::wrong_epoch, "the last epoch has no successor"};
  const bool external = committer.type == SenderType::new_member_commit;
  if (auto ok = external ? check_external_list(list) : check_member_list(list, committer); !ok)
    return ok.error();

  AppliedProposals out;
  for (const ListedProposal& p : list) {
    if (const auto* psk = p.proposal->as<PreSharedKey>()) out.psks.push_back(psk->psk);
  }
  if (auto ok = check_psk_list(out.psks); !ok) return ok.error();

  out.tree = state.current.tree;
  out.extensions = state.current.context.extensions;
  for (const ListedProposal& p : list) {
    if (const auto* changed = p.proposal->as<GroupContextExtensions>()) {
      out.extensions = changed->extensions;
      out.extensions_changed = true;
    }
  }
  auto needs = needs_of(out.extensions);
  if (!needs) return needs.error();
  out.needs = std::move(*needs);
  for (const ListedProposal& p : list) {
    if (auto ok = check_proposal(state, p, out.needs, place, env); !ok) return ok.error();
  }
  if (auto ok = change_tree(out, list, env); !ok) return ok.error();

  out.path_required = list.empty();
  for (const ListedProposal& p : list) {
    out.path_required = out.path_required || needs_path(*p.proposal, env);
    if (const auto* init = p.proposal->as<ExternalInit>()) out.external_init = init;
    if (const auto* reinit = p.proposal->as<ReInit>()) out.reinit = reinit;
    if (const auto* custom = p.proposal->as<CustomProposal>()) out.custom.push_back(*custom);
  }
  if (auto ok = check_custom_types(out); !ok) return ok.error();
  if (auto ok = check_members_support(out); !ok) return ok.error();
  if (auto ok = check_leaves_together(out.tree, out.changed); !ok) return ok.error();
  return out;
}

Result<void> check_psk_list(std::span<const PskId> ids) {
  constexpr std::size_t kMost = 0xFFFF;  // PSKLabel numbers them with 16 bits (§8.4)
  if (ids.size() > kMost)
    return Error{ErrorCode::psk_count_too_large, std::to_string(ids.size()) + " PSKs in one epoch"};
  std::set<PskId> seen;
  for (const PskId& id : ids) {
    if (!seen.insert(id).second) return Error{ErrorCode::psk_duplicate, "a PSK is mixed in twice"};
  }
  return {};
}

Result<std::vector<KnownPsk>> find_psks(const GroupState& state, const std::vector<PskId>& ids,
                                        const Environment& env) {
  std::vector<KnownPsk> out;
  for (const PskId& id : ids) {
    std::optional<SecretBytes> secret;
    if (id.type == PskType::external) {
      if (env.psks != nullptr) secret = env.psks->external_psk(id.external_id);
    } else if (id.group_id == state.current.context.group_id && id.epoch == state.current.context.epoch) {
      secret = state.current.secrets.resumption_psk.clone();
    } else if (id.group_id == state.current.context.group_id && state.resumption_psks.contains(id.epoch)) {
      secret = state.resumption_psks.at(id.epoch).clone();
    } else if (env.psks != nullptr) {
      secret = env.psks->resumption_psk(id.group_id, id.epoch);
    }
    if (!secret) return Error{ErrorCode::psk_unknown, "a PSK of this commit is not known here"};
    out.push_back({id, std::move(*secret)});
  }
  return out;
}

}  // namespace sotto::mls
