// Which of the proposals that have come in go into our commit (RFC 9420 §12.2, §12.4): as many as are valid
// together.
#pragma once

#include "sdk/mls/src/group/proposal_list.hpp"

namespace sotto::mls {

/// Removes win over Updates, later Updates over earlier ones, anything over a ReInit; what is not valid (any
/// more), or not together with `by_value` and what was chosen before it, is left for its sender to send
/// again. So is a good proposal where bad ones spoil more lists than are tried: the time this takes is that
/// of checking some tens of lists, whatever was received. In the order in which they came.
std::vector<const CachedProposal*> choose_proposals(const GroupState& state,
                                                    const std::vector<Proposal>& by_value,
                                                    const Environment& env);

}  // namespace sotto::mls
