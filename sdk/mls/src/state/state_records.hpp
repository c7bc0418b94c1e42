// The state as records (docs/state-format.md): which keys there are, what stands under each, and back.
#pragma once

#include "sdk/mls/src/group/group_state.hpp"

namespace sotto::mls {

Bytes self_key();
Bytes epoch_key();
Bytes leaf_key(LeafIndex leaf);
Bytes parent_key(NodeIndex x);
Bytes private_key_key(NodeIndex x);
Bytes secret_node_key(Epoch epoch, NodeIndex x);
Bytes ratchet_key(Epoch epoch, LeafIndex leaf);
Bytes skipped_key(Epoch epoch, LeafIndex leaf, RatchetType type, std::uint32_t generation);
Bytes proposal_key(ByteView reference);
Bytes pending_update_key(ByteView public_key);
Bytes past_epoch_key(Epoch epoch);
Bytes past_leaf_key(Epoch epoch, LeafIndex leaf);
Bytes resumption_key(Epoch epoch);

// Noting what has changed
/// Of the current epoch, after `state.current` was replaced; `old` still whole.
void mark_epoch_change(GroupState& state, EpochState& old);
/// Everything of a past epoch, before it is dropped.
void mark_past_epoch(GroupState& state, const PastEpoch& past);
void mark_ratchets(GroupState& state, Epoch epoch, SecretTree& messages);

/// The record as it is now; no value if there is none under that key.
StateRecord make_record(const GroupState& state, ByteView key);
std::vector<Bytes> all_record_keys(const GroupState& state);

Result<std::unique_ptr<GroupState>> load_records(std::span<const StateRecord> records,
                                                 const GroupConfig& config);

// A pending commit, in one piece
SecretBytes save_pending(const PendingCommitState& state);
Result<std::unique_ptr<PendingCommitState>> load_pending(ByteView saved);

}  // namespace sotto::mls
