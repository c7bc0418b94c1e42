// The proposals of a commit: are they valid together, and what becomes of the group (RFC 9420 §12.2, §12.3).
#pragma once

#include "sdk/mls/src/group/group_state.hpp"
#include "sdk/mls/src/tree/leaf_validation.hpp"

namespace sotto::mls {

struct ListedProposal {
  Sender sender;
  const Proposal* proposal = nullptr;
  bool by_reference = false;  ///< its signatures were verified when it came
  bool own = false;           ///< about to be sent by us: what it brings must be current (§7.3)
};

/// The group after the proposals and before the path.
struct AppliedProposals {
  RatchetTree tree;
  Extensions extensions;
  GroupNeeds needs;              ///< what the extensions ask of members
  std::vector<LeafIndex> added;  ///< in the order of the Adds
  std::vector<const KeyPackage*> added_packages;
  std::vector<LeafIndex> changed;  ///< added and updated leaves
  std::vector<MemberChange> members;
  bool extensions_changed = false;
  bool path_required = false;
  std::vector<PskId> psks;
  const ExternalInit* external_init = nullptr;
  const ReInit* reinit = nullptr;
  std::vector<CustomProposal> custom;

  [[nodiscard]] bool removes(LeafIndex leaf) const;
};

/// Where a commit's PSKs of usage reinit and branch are allowed: in the first commit of a successor (§11.2,
/// §11.3).
enum class CommitPlace : std::uint8_t { ordinary, first_of_reinit, first_of_branch };

/// `committer`: a member, or new_member_commit.
Result<AppliedProposals> apply_proposals(const GroupState& state, const Sender& committer,
                                         std::span<const ListedProposal> list, CommitPlace place,
                                         const Environment& env);

/// One proposal by itself (§12.1): `needs` are those of the group that it would come into.
Result<void> check_proposal(const GroupState& state, const ListedProposal& p, const GroupNeeds& needs,
                            CommitPlace place, const Environment& env);
/// The same at its receipt, or before it is sent.
Result<void> check_proposal_now(const GroupState& state, const ListedProposal& p, const Environment& env);

/// What every reader would take for something else, or refuse, is not sent (§12.1, §13.5).
Result<void> check_may_be_sent(const Proposal& proposal);
Result<void> check_may_be_sent(const Extensions& group_extensions);

/// Each PSK once, and no more of them than can be numbered (§8.4).
Result<void> check_psk_list(std::span<const PskId> ids);

/// Finds the secrets, own past epochs first; an unknown one is an error.
Result<std::vector<KnownPsk>> find_psks(const GroupState& state, const std::vector<PskId>& ids,
                                        const Environment& env);

}  // namespace sotto::mls
