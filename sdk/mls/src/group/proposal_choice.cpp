#include "sdk/mls/src/group/proposal_choice.hpp"

#include <algorithm>

namespace sotto::mls {

namespace {

using Chosen = std::vector<const CachedProposal*>;

/// So many lists are tried at most. One proposal that spoils a list of a thousand is found with some twenty.
constexpr int kMostTries = 32;

/// All cached proposals, the most wanted first.
Chosen by_preference(const GroupState& state) {
  Chosen removes;
  Chosen updates;
  Chosen others;
  Chosen reinits;
  for (const CachedProposal& p : state.proposals) {
    if (p.proposal.as<Remove>() != nullptr) {
      removes.push_back(&p);
    } else if (p.proposal.as<Update>() != nullptr) {
      updates.push_back(&p);
    } else if (p.proposal.as<ReInit>() != nullptr) {
      reinits.push_back(&p);
    } else {
      others.push_back(&p);
    }
  }
  std::reverse(updates.begin(), updates.end());
  Chosen out = std::move(removes);
  for (const Chosen* more : {&updates, &others, &reinits})
    out.insert(out.end(), more->begin(), more->end());
  return out;
}

/// What a commit may do once only, and has been given to one of its proposals: change a leaf, add a client,
/// mix in a PSK, replace the extensions.
class Taken {
 public:
  Taken(const GroupState& state, const std::vector<Proposal>& by_value, const Environment& env)
      : state_(state), env_(env), leaves_{state.self()} {
    for (const Proposal& p : by_value) {
      if (const auto* add = p.as<Add>()) {
        added_.insert(env_.policy.client_of(add->key_package.leaf_node));
      } else {
        take(Sender::member(state.self()), p);
      }
    }
  }

  /// Whether nothing before has what this proposal needs. Removes come before Adds.
  bool take(const Sender& sender, const Proposal& p) {
    if (const auto* remove = p.as<Remove>()) {
      removed_.insert(remove->removed);
      return leaves_.insert(remove->removed).second;
    }
    if (p.as<Update>() != nullptr) return leaves_.insert(sender.leaf()).second;
    if (const auto* psk = p.as<PreSharedKey>()) return psks_.insert(psk->psk).second;
    if (p.as<GroupContextExtensions>() != nullptr) return !std::exchange(extensions_, true);
    if (const auto* add = p.as<Add>()) {
      Bytes client = env_.policy.client_of(add->key_package.leaf_node);
      return !members().contains(client) && added_.insert(std::move(client)).second;
    }
    return true;
  }

 private:
  /// The clients that stay members.
  const std::set<Bytes>& members() {
    if (members_) return *members_;
    members_.emplace();
    for (std::uint32_t i = 0; i < state_.current.tree.leaf_count().value; ++i) {
      const LeafNode* leaf = state_.current.tree.leaf({i});
      if (leaf != nullptr && !removed_.contains({i})) members_->insert(env_.policy.client_of(*leaf));
    }
    return *members_;
  }

  const GroupState& state_;
  const Environment& env_;
  std::set<LeafIndex> leaves_;
  std::set<LeafIndex> removed_;
  std::set<Bytes> added_;
  std::optional<std::set<Bytes>> members_;
  std::set<PskId> psks_;
  bool extensions_ = false;
};

class Choice {
 public:
  Choice(const GroupState& state, const std::vector<Proposal>& by_value, const Environment& env)
      : state_(state), by_value_(by_value), env_(env) {}

  /// What is valid by itself and takes nothing twice. That leaves little that the whole list can fail by.
  [[nodiscard]] Result<Chosen> candidates() const {
    auto needs = needs_of(state_.current.context.extensions);
    if (!needs) return needs.error();
    Taken taken(state_, by_value_, env_);
    Chosen out;
    for (const CachedProposal* p : by_preference(state_)) {
      const bool reinit = p->proposal.as<ReInit>() != nullptr;
      if (reinit && (!out.empty() || !by_value_.empty())) continue;
      if (!check_proposal(state_, {p->sender, &p->proposal, true}, *needs, CommitPlace::ordinary, env_))
        continue;
      const auto* psk = p->proposal.as<PreSharedKey>();
      if (psk != nullptr && !find_psks(state_, {psk->psk}, env_)) continue;
      if (taken.take(p->sender, p->proposal)) out.push_back(p);
    }
    return out;
  }

  /// All of them if they go together with what was chosen before, otherwise what goes of each half.
  void choose(std::span<const CachedProposal* const> candidates) {
    if (candidates.empty() || tries_ == kMostTries) return;
    ++tries_;
    const std::size_t before = chosen_.size();
    chosen_.insert(chosen_.end(), candidates.begin(), candidates.end());
    if (go_together()) return;
    chosen_.resize(before);
    if (candidates.size() == 1) return;
    const std::size_t half = candidates.size() / 2;
    choose(candidates.first(half));
    choose(candidates.subspan(half));
  }

  Chosen take() { return std::move(chosen_); }

 private:
  [[nodiscard]] bool go_together() const {
    const Sender self = Sender::member(state_.self());
    std::vector<ListedProposal> list;
    for (const CachedProposal* p : chosen_)
      list.push_back({p->sender, &p->proposal, true});
    // Signatures by value are verified when the commit is made.
    for (const Proposal& p : by_value_)
      list.push_back({self, &p, true});
    auto applied = apply_proposals(state_, self, list, CommitPlace::ordinary, env_);
    return applied && find_psks(state_, applied->psks, env_);
  }

  const GroupState& state_;
  const std::vector<Proposal>& by_value_;
  const Environment& env_;
  Chosen chosen_;
  int tries_ = 0;
};

}  // namespace

std::vector<const CachedProposal*> choose_proposals(const GroupState& state,
                                                    const std::vector<Proposal>& by_value,
                                                    const Environment& env) {
  Choice choice(state, by_value, env);
  const auto candidates = choice.candidates();
  if (!candidates) return {};
  choice.choose(*candidates);
  Chosen chosen = choice.take();
  std::sort(chosen.begin(), chosen.end());  // they lie in one array, in the order in which they came
  return chosen;
}

}  // namespace sotto::mls
