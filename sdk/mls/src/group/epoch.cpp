#include "sdk/mls/src/group/epoch.hpp"

#include <algorithm>

#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/state/state_records.hpp"

namespace sotto::mls {

EpochState EpochState::clone() const {
  return {context,          context_bytes,          tree, keys, secrets.clone(), messages.clone(),
          confirmation_tag, interim_transcript_hash};
}

PastEpoch PastEpoch::clone() const {
  return {epoch, ended, context_bytes, sender_data.clone(), messages.clone(), leaf_count, changed_leaves};
}

const LeafNode* GroupState::past_leaf(const PastEpoch& epoch, LeafIndex i) const {
  for (const PastEpoch& p : past) {
    if (p.epoch < epoch.epoch) continue;
    if (i.value >= p.leaf_count.value) return nullptr;
    if (const auto at = p.changed_leaves.find(i); at != p.changed_leaves.end()) return at->second.get();
  }
  return current.tree.leaf(i);
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

std::map<LeafIndex, std::shared_ptr<const LeafNode>> changed_leaves(const RatchetTree& before,
                                                                    const RatchetTree& after) {
  std::map<LeafIndex, std::shared_ptr<const LeafNode>> out;
  const std::size_t end = std::max(before.leaves().size(), after.leaves().size());
  for (LeafIndex i{0}; i.value < std::min<std::size_t>(end, before.leaf_count().value); ++i.value) {
    if (before.shared_leaf(i) != after.shared_leaf(i)) out.emplace(i, before.shared_leaf(i));
  }
  return out;
}

/// Proposals live for one epoch, and with them what an Update of ours would have needed.
void drop_proposals(GroupState& state) {
  for (const CachedProposal& p : state.proposals)
    state.dirty.insert(proposal_key(p.reference));
  state.proposals.clear();
  for (const auto& [key, update] : state.pending_updates)
    state.dirty.insert(pending_update_key(key));
  state.pending_updates.clear();
}

/// What an epoch leaves behind when it ends: secrets for late messages, and its resumption_psk.
void remember_epoch(GroupState& state, EpochState& old, Timestamp now) {
  const Epoch ended = old.context.epoch;
  if (state.config.max_resumption_psks > 0) {
    state.resumption_psks.insert_or_assign(ended, std::move(old.secrets.resumption_psk));
    state.dirty.insert(resumption_key(ended));
  }
  while (state.resumption_psks.size() > state.config.max_resumption_psks) {
    state.dirty.insert(resumption_key(state.resumption_psks.begin()->first));
    state.resumption_psks.erase(state.resumption_psks.begin());
  }

  PastEpoch past;
  past.epoch = ended;
  past.ended = now;
  past.context_bytes = old.context_bytes;
  past.sender_data = std::move(old.secrets.sender_data);
  past.messages = std::exchange(old.messages, {});
  past.messages.drop_handshake_ratchets();
  mark_ratchets(state, ended, past.messages);
  past.leaf_count = old.tree.leaf_count();
  if (&old != &state.current) past.changed_leaves = changed_leaves(old.tree, state.current.tree);
  for (const auto& [leaf, node] : past.changed_leaves)
    state.dirty.insert(past_leaf_key(ended, leaf));
  state.dirty.insert(past_epoch_key(ended));
  state.past.push_back(std::move(past));
  expire_past_epochs(state, now);
}

/// The last epoch of a group that we were removed from ends when that is found, which in states of earlier
/// versions is at their first use.
void end_last_epoch(GroupState& state, Timestamp now) {
  EpochState& last = state.current;
  remember_epoch(state, last, now);
  for (SecretBytes* secret : {&last.secrets.sender_data, &last.secrets.exporter, &last.secrets.external,
                              &last.secrets.membership_key, &last.secrets.resumption_psk, &last.secrets.init})
    *secret = SecretBytes(kHashSize);
  state.dirty.insert(epoch_key());
}

}  // namespace

void enter_epoch(GroupState& state, EpochState next, const Environment& env) {
  EpochState old = std::exchange(state.current, std::move(next));
  mark_epoch_change(state, old);
  remember_epoch(state, old, env.now());
  drop_proposals(state);
}

bool is_older_than(Timestamp ended, Milliseconds age, Timestamp now) {
  if (now <= ended) return false;
  // The difference of two signed numbers may not fit into one; in unsigned ones it is right.
  const auto passed =
      static_cast<std::uint64_t>(to_unix_ms(now)) - static_cast<std::uint64_t>(to_unix_ms(ended));
  return passed > static_cast<std::uint64_t>(std::max<std::int64_t>(0, age.count()));
}

void expire_past_epochs(GroupState& state, Timestamp now) {
  if (state.removed && !state.current.messages.empty()) end_last_epoch(state, now);
  while (!state.past.empty() &&
         (state.past.size() > state.config.max_past_epochs ||
          is_older_than(state.past.front().ended, state.config.max_past_epoch_age, now))) {
    mark_past_epoch(state, state.past.front());
    state.past.pop_front();
  }
}

void leave_group(GroupState& state, Timestamp now) {
  state.removed = true;
  state.dirty.insert(self_key());
  for (const auto& [x, pair] : state.current.keys.all())
    state.dirty.insert(private_key_key(x));
  state.current.keys.forget();
  end_last_epoch(state, now);
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
