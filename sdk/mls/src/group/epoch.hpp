// Stepping from one epoch to the next, for those who commit and those who follow (RFC 9420 §8, §12.4).
#pragma once

#include "sdk/mls/src/group/group_state.hpp"
#include "sdk/mls/src/group/proposal_list.hpp"

namespace sotto::mls {

struct EpochInput {
  /// Of the new epoch, with everything but the confirmed transcript hash.
  GroupContext context;
  RatchetTree tree;
  PrivateKeys keys;
  ByteView interim_before;
  const AuthenticatedContent* commit = nullptr;  ///< signed
  const SecretBytes* init_secret = nullptr;
  SecretBytes commit_secret;  ///< zeros without a path
  SecretBytes psk_secret;
};

struct EpochAdvance {
  EpochState state;  ///< with the confirmation tag the commit must have
  SecretBytes joiner;
  SecretBytes welcome;
};

EpochAdvance advance_epoch(const Suite& suite, EpochInput input);

/// The context a path is encrypted in: the new one, still with the old confirmed transcript hash (§12.4.1).
GroupContext provisional_context(const GroupState& state, const RatchetTree& tree, Extensions extensions);

/// Fills what follows from context, tree and epoch secrets alike for creators, joiners and committers.
void finish_epoch_state(const Suite& suite, EpochState& state, DerivedEpoch derived);

/// Makes `next` the current epoch: remembers what late messages need, forgets the rest, notes what is to be
/// saved.
void enter_epoch(GroupState& state, EpochState next, const Environment& env);

/// We were removed: the epoch ends as any other does, with none after it. What could open the group's next
/// epochs goes at once; what late messages need stays as long as that of other past epochs.
void leave_group(GroupState& state, Timestamp now);

/// Forgets past epochs that are too many or too old.
void expire_past_epochs(GroupState& state, Timestamp now);
/// Whether what ended then is older than `age`, whatever the clocks say.
bool is_older_than(Timestamp ended, Milliseconds age, Timestamp now);

EpochChange describe_change(const GroupState& state, const AuthenticatedContent& commit,
                            const AppliedProposals& applied);

}  // namespace sotto::mls
