#include "sdk/mls/src/group/epoch.hpp"

#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/state/state_records.hpp"

namespace sotto::mls {

EpochState EpochState::clone() const {
  return {context,          context_bytes,          tree, keys, secrets.clone(), messages.clone(),
          confirmation_tag, interim_transcript_hash};
}

PastEpoch PastEpoch::clone() const {
  return {epoch, ended, context_bytes, sender_data.clone(), messages.clone(), leaves};
}

GroupContext provisional_context(const GroupState& state, const RatchetTree& tree, Extensions extensions) {
  GroupContext context = state.current.context;
  ++context.epoch.value;
  const HashValue& root_hash = tree.root_hash();
  context.tree_hash.assign(root_hash.begin(), root_hash.end());
  context.extensions = std::move(extensions);
  return context;
}

void finish_epoch_state(const Suite& suite, EpochState& state, DerivedEpoch derived) {
  state.context_bytes = encode(state.context);
  state.secrets = std::move(derived.secrets);
  state.messages = SecretTree(suite, state.tree.leaf_count(), std::move(derived.encryption));
  state.confirmation_tag =
      mac(suite, state.secrets.confirmation_key.view(), state.context.confirmed_transcript_hash);
  state.interim_transcript_hash =
      interim_transcript_hash(state.context.confirmed_transcript_hash, state.confirmation_tag);
}

EpochAdvance advance_epoch(const Suite& suite, EpochInput input) {
  EpochAdvance out;
  EpochState& state = out.state;
  state.context = std::move(input.context);
  state.context.confirmed_transcript_hash =
      confirmed_transcript_hash(input.interim_before, transcript_input(*input.commit));
  state.tree = std::move(input.tree);
  state.keys = std::move(input.keys);
  state.keys.prune(state.tree);
  const Bytes context = encode(state.context);
  out.joiner = derive_joiner_secret(suite, *input.init_secret, input.commit_secret, context);
  out.welcome = derive_welcome_secret(suite, out.joiner, input.psk_secret);
  finish_epoch_state(suite, state, derive_epoch(suite, out.joiner, input.psk_secret, context));
  return out;
}

namespace {
/// Proposals live for one epoch, and with them what an Update of ours would have needed.
void drop_proposals(GroupState& state) {
  for (const CachedProposal& p : state.proposals)
    state.dirty.insert(proposal_key(p.reference));
  state.proposals.clear();
  for (const auto& [key, update] : state.pending_updates)
    state.dirty.insert(pending_update_key(key));
  state.pending_updates.clear();
}
}  // namespace

void enter_epoch(GroupState& state, EpochState next, const Environment& env) {
  EpochState old = std::exchange(state.current, std::move(next));
  const Epoch ended = old.context.epoch;
  mark_epoch_change(state, old);

  if (state.config.max_resumption_psks > 0) {
    state.resumption_psks.insert_or_assign(ended, std::move(old.secrets.resumption_psk));
    state.dirty.insert(resumption_key(ended));
  }
  while (state.resumption_psks.size() > state.config.max_resumption_psks) {
    state.dirty.insert(resumption_key(state.resumption_psks.begin()->first));
    state.resumption_psks.erase(state.resumption_psks.begin());
  }

  PastEpoch past{ended,
                 env.now(),
                 std::move(old.context_bytes),
                 std::move(old.secrets.sender_data),
                 std::move(old.messages),
                 old.tree.leaves()};
  past.messages.drop_handshake_ratchets();
  state.past.push_back(std::move(past));
  expire_past_epochs(state, env.now());

  drop_proposals(state);
}

void expire_past_epochs(GroupState& state, Timestamp now) {
  while (!state.past.empty() && (state.past.size() > state.config.max_past_epochs ||
                                 now - state.past.front().ended > state.config.max_past_epoch_age)) {
    mark_past_epoch(state, state.past.front());
    state.past.pop_front();
  }
}

void leave_group(GroupState& state) {
  state.removed = true;
  state.dirty.insert(self_key());
  for (const auto& [x, pair] : state.current.keys.all())
    state.dirty.insert(private_key_key(x));
  state.current.keys.forget();
  state.current.secrets.init = SecretBytes(kHashSize);
  state.current.secrets.external = SecretBytes(kHashSize);
  state.dirty.insert(epoch_key());
  drop_proposals(state);
}

EpochChange describe_change(const GroupState& state, const AuthenticatedContent& commit,
                            const AppliedProposals& applied) {
  EpochChange change;
  change.epoch = Epoch{state.current.context.epoch.value + 1};
  change.committer = commit.content.sender;
  change.members = applied.members;
  change.extensions_changed = applied.extensions_changed;
  change.psks = applied.psks;
  if (applied.reinit != nullptr) change.reinit = *applied.reinit;
  change.custom = applied.custom;
  change.authenticated_data = commit.content.authenticated_data;
  return change;
}

}  // namespace sotto::mls
