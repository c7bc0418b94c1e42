// The one way commits are made: by members, by joiners from outside, and as the first commit of a successor
// group.
#pragma once

#include "sdk/mls/src/group/epoch.hpp"
#include "sdk/mls/src/messages/welcome.hpp"

namespace sotto::mls {

struct CommitParts {
  std::vector<ListedProposal> list;
  std::vector<ProposalOrRef> entries;  ///< the same, as they go into the commit
  CommitPlace place = CommitPlace::ordinary;
  const Identity* signer = nullptr;  ///< of the new leaf, and of the GroupInfo
  bool rotates = false;              ///< `signer` is not the identity that the group knows us by
  bool force_path = false;
  HandshakeFormat format = HandshakeFormat::public_message;
  Bytes authenticated_data;
  bool tree_in_welcome = true;
  Extensions group_info_extensions;
  // external commits (§12.4.3.2)
  bool external = false;
  const LeafNode* replaced = nullptr;
  const SecretBytes* init_secret = nullptr;
};

struct MadeCommit {
  AuthenticatedContent content;  ///< signed and confirmed, not framed
  std::optional<Bytes> welcome;
  EpochChange change;
  EpochState next;
};

/// What a leaf shows of its owner; its keys of this leaf, source and signature are still to come.
LeafNode leaf_of(const Identity& identity);

/// Changes nothing in `state`.
Result<MadeCommit> make_commit(GroupState& state, const CommitParts& parts, const Environment& env);

Result<Bytes> send_proposal(GroupState& state, const Proposal& proposal, const ProposeOptions& options,
                            const Environment& env);

}  // namespace sotto::mls
