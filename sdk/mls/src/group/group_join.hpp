// What all newcomers check, whether they were welcomed or let themselves in.
#pragma once

#include "sdk/mls/src/group/group_state.hpp"
#include "sdk/mls/src/messages/welcome.hpp"

namespace sotto::mls {

/// The tree of a GroupInfo, out of it or given beside it, and everything about both that can be checked
/// without being a member (§12.4.3.1).
Result<RatchetTree> take_group_tree(const GroupInfo& info, const std::optional<Bytes>& given,
                                    const Environment& env);

/// Who the members of a group are, to compare it with its successor (§11.2, §11.3).
std::set<Bytes> identities_in(const RatchetTree& tree, const Policy& policy);

/// §13.4: a joiner supports every extension of the GroupContext.
Result<void> check_we_support(const GroupContext& context, const Capabilities& ours);

}  // namespace sotto::mls
