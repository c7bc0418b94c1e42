// Proposals one by one (RFC 9420 §12.1).
#include "sdk/mls/src/group/proposal_list.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/tree/leaf_validation.hpp"

namespace sotto::mls {

namespace {

Result<void> check_add(const GroupState& state, const Add& add, const ListedProposal& p,
                       const GroupNeeds& needs, const Environment& env) {
  const GroupContext& context = state.current.context;
  if (auto ok = check_key_package(add.key_package, context.version, context.cipher_suite, p.by_reference);
      !ok)
    return ok;
  LeafCheck check;
  check.suite = context.cipher_suite;
  check.source = LeafNodeSource::key_package;
  check.event = CredentialEvent::add;
  check.group_id = context.group_id;
  check.members = state.current.tree.leaves();
  check.needs = &needs;
  check.own = p.own;
  check.signature_verified = p.by_reference;
  return check_leaf(add.key_package.leaf_node, check, env);
}

Result<void> check_update(const GroupState& state, const Sender& sender, const Update& update,
                          bool signatures_verified, const GroupNeeds& needs, const Environment& env) {
  const GroupContext& context = state.current.context;
  if (sender.type != SenderType::member)
    return Error{ErrorCode::update_outside_of_member, "an Update whose sender is no member"};
  LeafCheck check;
  check.suite = context.cipher_suite;
  check.source = LeafNodeSource::update;
  check.event = CredentialEvent::update;
  check.group_id = context.group_id;
  check.members = state.current.tree.leaves();
  check.leaf = sender.leaf();
  check.old_leaf = state.current.tree.leaf(sender.leaf());
  if (check.old_leaf == nullptr) return Error{ErrorCode::sender_unknown, "an Update of a blank leaf"};
  check.needs = &needs;
  check.signature_verified = signatures_verified;
  return check_leaf(update.leaf_node, check, env);
}

Result<void> check_psk(const PskId& id, CommitPlace place) {
  if (id.nonce.size() != kHashSize)
    return Error{ErrorCode::psk_nonce_length_invalid,
                 std::to_string(id.nonce.size()) + " bytes of psk_nonce"};
  if (id.type != PskType::resumption || id.usage == ResumptionUsage::application) return {};
  const bool allowed = id.usage == ResumptionUsage::reinit ? place == CommitPlace::first_of_reinit
                                                           : place == CommitPlace::first_of_branch;
  if (!allowed) return Error{ErrorCode::psk_usage_invalid, "a reinit or branch PSK in another context"};
  return {};
}

}  // namespace

Result<void> check_may_be_sent(const Extensions& group_extensions) {
  for (const Extension& e : group_extensions) {
    if (is_grease(static_cast<std::uint16_t>(e.type)))
      return Error{ErrorCode::invalid_argument, "a GREASE value among a group's extensions"};
  }
  return {};
}

Result<void> check_may_be_sent(const Proposal& proposal) {
  if (const auto* custom = proposal.as<CustomProposal>()) {
    if (is_default(custom->type))
      return Error{ErrorCode::invalid_argument, "a custom proposal of a type that MLS defines"};
    if (is_grease(static_cast<std::uint16_t>(custom->type)))
      return Error{ErrorCode::invalid_argument, "a GREASE value as a proposal's type"};
  }
  if (const auto* changed = proposal.as<GroupContextExtensions>())
    return check_may_be_sent(changed->extensions);
  return {};
}

Result<void> check_proposal(const GroupState& state, const ListedProposal& p, const GroupNeeds& needs,
                            CommitPlace place, const Environment& env) {
  if (p.own) {
    if (auto ok = check_may_be_sent(*p.proposal); !ok) return ok;
  }
  if (!env.policy.allow_proposal(p.sender, *p.proposal))
    return Error{ErrorCode::proposal_not_authorized, "the policy does not allow the proposal"};
  if (const auto* add = p.proposal->as<Add>()) return check_add(state, *add, p, needs, env);
  if (const auto* update = p.proposal->as<Update>())
    return check_update(state, p.sender, *update, p.by_reference, needs, env);
  if (const auto* remove = p.proposal->as<Remove>()) {
    if (state.current.tree.leaf(remove->removed) == nullptr)
      return Error{ErrorCode::remove_target_blank,
                   "leaf " + std::to_string(remove->removed.value) + " is no member"};
  }
  if (const auto* psk = p.proposal->as<PreSharedKey>()) return check_psk(psk->psk, place);
  if (const auto* reinit = p.proposal->as<ReInit>()) {
    if (reinit->version < state.current.context.version)
      return Error{ErrorCode::reinit_version_lower, "a ReInit to an older version"};
    if (has_duplicates(reinit->extensions))
      return Error{ErrorCode::extension_duplicate, "two extensions of one type in a ReInit"};
  }
  // Whether the members support new extensions depends on who is added and removed: see apply_proposals.
  if (const auto* changed = p.proposal->as<GroupContextExtensions>())
    return check_group_extensions(changed->extensions, state.current.context.group_id, env);
  return {};
}

Result<void> check_proposal_now(const GroupState& state, const ListedProposal& p, const Environment& env) {
  auto needs = needs_of(state.current.context.extensions);
  if (!needs) return needs.error();
  return check_proposal(state, p, *needs, CommitPlace::ordinary, env);
}

}  // namespace sotto::mls
