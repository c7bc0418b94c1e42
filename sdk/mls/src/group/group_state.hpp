// Everything a member remembers of a group. Group (sotto/mls/group.hpp) is the door to it; the group_*.cpp
// files are what can be done with it.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "sdk/mls/src/messages/framing.hpp"
#include "sdk/mls/src/schedule/group_context.hpp"
#include "sdk/mls/src/schedule/key_schedule.hpp"
#include "sdk/mls/src/schedule/secret_tree.hpp"
#include "sdk/mls/src/tree/ratchet_tree.hpp"
#include "sdk/mls/src/tree/update_path.hpp"
#include "sotto/mls/group.hpp"

namespace sotto::mls {

/// What a commit replaces as a whole.
struct EpochState {
  GroupContext context;
  Bytes context_bytes;  ///< encoded once: every signature covers it
  RatchetTree tree;
  PrivateKeys keys;
  EpochSecrets secrets;
  SecretTree messages;
  Bytes confirmation_tag;
  Bytes interim_transcript_hash;

  [[nodiscard]] EpochState clone() const;
};

/// What late application messages need, and no more.
struct PastEpoch {
  Epoch epoch;
  Timestamp ended;
  Bytes context_bytes;
  SecretBytes sender_data;
  SecretTree messages;
  LeafCount leaf_count;
  /// Leaves as they were, null for a blank one, where they differ from the next newer epoch that is kept: a
  /// sender's key may have changed since.
  std::map<LeafIndex, std::shared_ptr<const LeafNode>> changed_leaves;

  [[nodiscard]] PastEpoch clone() const;
};

/// A proposal of this epoch, verified, that a commit may refer to.
struct CachedProposal {
  Bytes reference;
  Sender sender;
  Proposal proposal;
  Bytes authenticated_data;
};

/// What an Update of ours will need if somebody commits it.
struct PendingUpdate {
  HpkeKeyPair leaf_keys;
  Identity identity;

  [[nodiscard]] PendingUpdate clone() const { return {leaf_keys.clone(), identity.clone()}; }
};

struct GroupState {
  GroupState(const Suite* s, const GroupConfig& c, Identity i)
      : suite(s), config(c), identity(std::move(i)) {}

  const Suite* suite;
  GroupConfig config;
  Identity identity;
  EpochState current;
  std::deque<PastEpoch> past;                      ///< oldest first; with our last one, once we are removed
  std::map<Epoch, SecretBytes> resumption_psks;    ///< of past epochs
  std::vector<CachedProposal> proposals;           ///< in the order they came
  std::map<Bytes, PendingUpdate> pending_updates;  ///< by the leaf's public encryption key
  std::optional<ReInit> reinit;                    ///< committed: the group is over
  bool removed = false;

  std::set<Bytes> dirty;  ///< keys of records that are not saved as they are now
  bool saved_once = false;

  [[nodiscard]] bool active() const { return !removed && !reinit; }
  /// Null for a blank leaf. `epoch` is one of `past`.
  [[nodiscard]] const LeafNode* past_leaf(const PastEpoch& epoch, LeafIndex i) const;
  [[nodiscard]] LeafIndex self() const { return current.keys.self(); }
  [[nodiscard]] RatchetLimits limits() const {
    return {config.max_forward_generations, config.max_skipped_keys};
  }
};

struct PendingCommitState {
  Epoch from;
  HashValue message_hash{};
  EpochChange change;
  EpochState next;
  std::optional<Identity> new_identity;
};

}  // namespace sotto::mls
