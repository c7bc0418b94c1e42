// Following what others do: proposals and commits received (RFC 9420 §12.1, §12.4.2).
#include <algorithm>

#include "sdk/mls/src/group/epoch.hpp"
#include "sdk/mls/src/group/group_handshake.hpp"
#include "sdk/mls/src/state/state_records.hpp"
#include "sdk/mls/src/tree/leaf_validation.hpp"
#include "sdk/mls/src/tree/tree_validation.hpp"

namespace sotto::mls {

namespace {

Result<std::vector<ListedProposal>> resolve(const GroupState& state, const FramedContent& content) {
  std::vector<ListedProposal> out;
  const auto cached = by_reference(state);
  for (const ProposalOrRef& entry : content.as<Commit>()->proposals) {
    if (const auto* proposal = std::get_if<Proposal>(&entry.value)) {
      out.push_back({content.sender, proposal, false});
      continue;
    }
    if (content.sender.type == SenderType::new_member_commit)
      return Error{ErrorCode::external_commit_by_reference, "an external commit refers to a proposal"};
    const auto at = cached.find(as_text(std::get<Bytes>(entry.value)));
    if (at == cached.end())
      return Error{ErrorCode::proposal_reference_unknown, "a commit of a proposal that has not been seen"};
    out.push_back({at->second->sender, &at->second->proposal, true});
  }
  return out;
}

/// The leaf that an external commit's Remove takes away, if it has one: the joiner's former self.
const LeafNode* replaced_leaf(const GroupState& state, const AppliedProposals& applied) {
  for (const MemberChange& change : applied.members) {
    if (change.kind == MemberChange::Kind::removed) return state.current.tree.leaf(change.leaf);
  }
  return nullptr;
}

struct Committer {
  LeafIndex leaf;
  const LeafNode* old_leaf = nullptr;
  bool external = false;
};

/// The path's leaf by itself and among the others (§12.4.2); puts the path into the tree.
Result<void> take_path(const GroupState& state, AppliedProposals& applied, const Committer& committer,
                       const UpdatePath& path, std::span<const LeafIndex> added, const Environment& env) {
  LeafCheck check;
  check.suite = state.current.context.cipher_suite;
  check.source = LeafNodeSource::commit;
  check.event = committer.external ? CredentialEvent::external_join : CredentialEvent::commit;
  check.group_id = state.current.context.group_id;
  check.leaf = committer.leaf;
  check.members = state.current.tree.leaves();
  check.old_leaf = committer.old_leaf;
  check.needs = &applied.needs;
  if (auto ok = check_leaf(path.leaf_node, check, env); !ok) return ok;
  if (auto ok = merge_path(*state.suite, applied.tree, committer.leaf, path, added); !ok) return ok;
  const LeafIndex changed[] = {committer.leaf};
  return check_leaves_together(applied.tree, changed);
}

/// Our own Update, committed by somebody else: its private key takes the old one's place (§12.1.2).
void take_own_update(const GroupState& state, const AppliedProposals& applied, PrivateKeys& keys) {
  const LeafNode* leaf = applied.tree.leaf(state.self());
  if (leaf == nullptr) return;
  const auto at = state.pending_updates.find(leaf->encryption_key);
  if (at != state.pending_updates.end()) keys.set(to_node(state.self()), at->second.leaf_keys.clone());
}

bool is_cached(const GroupState& state, const Bytes& reference) {
  return std::any_of(state.proposals.begin(), state.proposals.end(),
                     [&](const CachedProposal& p) { return p.reference == reference; });
}

Result<SecretBytes> init_secret_for(const GroupState& state, const AppliedProposals& applied) {
  if (applied.external_init == nullptr) return state.current.secrets.init.clone();
  const HpkeKeyPair external = external_key_pair(*state.suite, state.current.secrets);
  return hpke_receive_export(*state.suite, external, applied.external_init->kem_output,
                             "MLS 1.0 external init secret");
}

}  // namespace

Result<EpochChange> process_commit(GroupState& state, OpenedMessage& opened, const Environment& env) {
  const AuthenticatedContent& message = opened.content;
  const Commit& commit = *message.content.as<Commit>();
  auto list = resolve(state, message.content);
  if (!list) return list.error();
  auto applied = apply_proposals(state, message.content.sender, *list, CommitPlace::ordinary, env);
  if (!applied) return applied.error();
  if (applied->path_required && !commit.path)
    return Error{ErrorCode::path_missing, "a commit without the path that its proposals require"};

  EpochChange change = describe_change(state, message, *applied);
  Committer committer;
  committer.external = message.content.sender.type == SenderType::new_member_commit;
  committer.leaf = committer.external ? applied->tree.reserve_leaf() : message.content.sender.leaf();
  committer.old_leaf =
      committer.external ? replaced_leaf(state, *applied) : state.current.tree.leaf(committer.leaf);
  std::vector<LeafIndex> added = applied->added;
  std::sort(added.begin(), added.end());
  if (commit.path) {
    if (auto ok = take_path(state, *applied, committer, *commit.path, added, env); !ok) return ok.error();
    change.members.push_back(
        {committer.external ? MemberChange::Kind::added : MemberChange::Kind::updated, committer.leaf,
         committer.old_leaf != nullptr ? std::optional(*committer.old_leaf) : std::nullopt,
         commit.path->leaf_node});
  }
  if (applied->removes(state.self())) {
    // The new epoch's secrets are not for us, so there is nothing left that could be checked.
    change.removed_me = true;
    change.epoch = state.current.context.epoch;
    consume_key(state, opened);
    leave_group(state, env.now());
    return change;
  }

  EpochInput input;
  input.context = provisional_context(state, applied->tree, applied->extensions);
  input.keys = state.current.keys;
  take_own_update(state, *applied, input.keys);
  if (commit.path) {
    const HpkeInfo info = label_info(*state.suite, "UpdatePathNode", encode(input.context));
    auto secret =
        open_path(*state.suite, applied->tree, input.keys, committer.leaf, *commit.path, added, info);
    if (!secret) return secret.error();
    input.commit_secret = std::move(*secret);
  } else {
    input.commit_secret = SecretBytes(kHashSize);
  }
  auto psks = find_psks(state, applied->psks, env);
  if (!psks) return psks.error();
  input.psk_secret = derive_psk_secret(*state.suite, *psks);
  auto init = init_secret_for(state, *applied);
  if (!init) return init.error();
  input.init_secret = &*init;
  input.tree = std::move(applied->tree);
  input.interim_before = state.current.interim_transcript_hash;
  input.commit = &message;
  EpochAdvance next = advance_epoch(*state.suite, std::move(input));
  if (!equal_constant_time(next.state.confirmation_tag, message.auth.confirmation_tag.value_or(Bytes{})))
    return Error{ErrorCode::confirmation_tag_invalid, "confirmation tag"};

  consume_key(state, opened);
  if (const LeafNode* own = next.state.tree.leaf(state.self())) {
    const auto update = state.pending_updates.find(own->encryption_key);
    if (update != state.pending_updates.end()) {
      state.identity = update->second.identity.clone();
      state.dirty.insert(self_key());
    }
  }
  if (change.reinit) {
    state.reinit = change.reinit;
    state.dirty.insert(self_key());
  }
  enter_epoch(state, std::move(next.state), env);
  return change;
}

Result<ProposalReceived> process_proposal(GroupState& state, OpenedMessage& opened, const Environment& env) {
  const FramedContent& content = opened.content.content;
  const Proposal& proposal = *content.as<Proposal>();
  if (proposal.as<ExternalInit>() != nullptr)
    return Error{ErrorCode::external_init_misplaced, "an ExternalInit outside of an external commit"};
  if (auto ok = check_proposal_now(state, {content.sender, &proposal, false}, env); !ok) return ok.error();
  CachedProposal cached{proposal_reference(*state.suite, opened.content), content.sender, proposal,
                        content.authenticated_data};
  if (!is_cached(state, cached.reference)) {
    if (auto ok = check_cache_has_room(state); !ok) return ok.error();
  }
  ProposalReceived out{cached.reference, cached.sender, cached.proposal, cached.authenticated_data};
  consume_key(state, opened);
  cache_proposal(state, std::move(cached));
  return out;
}

std::map<std::string_view, const CachedProposal*> by_reference(const GroupState& state) {
  std::map<std::string_view, const CachedProposal*> out;
  for (const CachedProposal& p : state.proposals)
    out.emplace(as_text(p.reference), &p);
  return out;
}

Result<void> check_cache_has_room(const GroupState& state) {
  if (state.proposals.size() < state.config.max_cached_proposals) return {};
  return Error{ErrorCode::too_many_proposals,
               std::to_string(state.proposals.size()) + " proposals wait for a commit"};
}

void cache_proposal(GroupState& state, CachedProposal proposal) {
  if (is_cached(state, proposal.reference)) return;
  state.dirty.insert(proposal_key(proposal.reference));
  state.proposals.push_back(std::move(proposal));
}

}  // namespace sotto::mls
