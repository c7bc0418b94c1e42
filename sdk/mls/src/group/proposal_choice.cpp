#include "sdk/mls/src/group/proposal_choice.hpp"

#include <algorithm>

namespace sotto::mls {

namespace {

using Chosen = std::vector<const CachedProposal*>;

/// All cached proposals that may be of use, the most wanted first.
Chosen by_preference(const GroupState& state) {
  Chosen removes;
  Chosen updates;
  Chosen others;
  Chosen reinits;
  for (const CachedProposal& p : state.proposals) {
    if (p.proposal.as<Remove>() != nullptr) {
      removes.push_back(&p);
    } else if (p.proposal.as<Update>() != nullptr) {
      updates.insert(updates.begin(), &p);
    } else if (p.proposal.as<ReInit>() != nullptr) {
      reinits.push_back(&p);
    } else {
      others.push_back(&p);
    }
  }
  Chosen out = std::move(removes);
  for (const Chosen* more : {&updates, &others, &reinits})
    out.insert(out.end(), more->begin(), more->end());
  return out;
}

/// What can be said of one leaf's changes without applying them, so that in the common case one look at the
/// whole list is enough.
bool changes_taken_leaf(const CachedProposal& p, std::set<LeafIndex>& taken, LeafIndex self) {
  LeafIndex target;
  if (const auto* remove = p.proposal.as<Remove>()) {
    target = remove->removed;
  } else if (p.proposal.as<Update>() != nullptr) {
    target = p.sender.leaf();
  } else {
    return false;
  }
  return target == self || !taken.insert(target).second;
}

bool go_together(const GroupState& state, const std::vector<Proposal>& by_value, const Chosen& chosen,
                 const Environment& env) {
  const Sender self = Sender::member(state.self());
  std::vector<ListedProposal> list;
  for (const CachedProposal* p : chosen)
    list.push_back({p->sender, &p->proposal, true});
  // Signatures by value are verified when the commit is made.
  for (const Proposal& p : by_value)
    list.push_back({self, &p, true});
  auto applied = apply_proposals(state, self, list, CommitPlace::ordinary, env);
  return applied && find_psks(state, applied->psks, env);
}

}  // namespace

std::vector<const CachedProposal*> choose_proposals(const GroupState& state,
                                                    const std::vector<Proposal>& by_value,
                                                    const Environment& env) {
  std::set<LeafIndex> taken;
  for (const Proposal& p : by_value) {
    if (const auto* remove = p.as<Remove>()) taken.insert(remove->removed);
  }
  Chosen candidates;
  for (const CachedProposal* p : by_preference(state)) {
    const bool reinit = p->proposal.as<ReInit>() != nullptr;
    if (reinit && (!candidates.empty() || !by_value.empty())) continue;
    if (!changes_taken_leaf(*p, taken, state.self())) candidates.push_back(p);
  }
  if (candidates.empty()) return candidates;
  Chosen chosen = candidates;
  if (!go_together(state, by_value, chosen, env)) {
    chosen.clear();
    for (const CachedProposal* p : candidates) {
      chosen.push_back(p);
      if (!go_together(state, by_value, chosen, env)) chosen.pop_back();
    }
  }
  std::sort(chosen.begin(), chosen.end());  // they lie in one array, in the order in which they came
  return chosen;
}

}  // namespace sotto::mls
