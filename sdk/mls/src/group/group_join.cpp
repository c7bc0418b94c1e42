// Joining by a Welcome (RFC 9420 §12.4.3.1).
#include "sdk/mls/src/group/group_join.hpp"

#include <algorithm>

#include "sdk/mls/src/group/epoch.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/tree/leaf_validation.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "sdk/mls/src/tree/tree_validation.hpp"

namespace sotto::mls {

namespace {

Result<Welcome> read_welcome(ByteView message) {
  Reader r(message);
  const WireFormat format = read_message_head(r);
  if (r.ok() && format != WireFormat::welcome) r.fail(ErrorCode::wire_format_unexpected, "not a Welcome");
  Welcome welcome;
  if (r.ok()) read(r, welcome);
  r.finish();
  if (!r.ok()) return r.error();
  return welcome;
}

bool names_successor(const PskId& id) {
  return id.type == PskType::resumption && id.usage != ResumptionUsage::application;
}

/// The PSKs the Welcome names, and the one of usage reinit or branch among them.
struct WelcomePsks {
  std::vector<KnownPsk> known;
  const PskId* successor = nullptr;
};

Result<WelcomePsks> find_welcome_psks(const std::vector<PskId>& ids, const JoinOptions& options,
                                      const Environment& env) {
  if (auto ok = check_psk_list(ids); !ok) return ok.error();
  WelcomePsks out;
  for (const PskId& id : ids) {
    if (id.nonce.size() != kHashSize)
      return Error{ErrorCode::psk_nonce_length_invalid, "psk_nonce in a Welcome"};
    if (names_successor(id)) {
      if (out.successor != nullptr)
        return Error{ErrorCode::welcome_psk_not_alone, "several reinit or branch PSKs in a Welcome"};
      out.successor = &id;
    }
    std::optional<SecretBytes> secret;
    if (id.type == PskType::external) {
      if (env.psks != nullptr) secret = env.psks->external_psk(id.external_id);
    } else {
      if (options.old_group != nullptr && options.old_group->group_id() == id.group_id)
        secret = options.old_group->resumption_psk(id.epoch);
      if (!secret && env.psks != nullptr) secret = env.psks->resumption_psk(id.group_id, id.epoch);
    }
    if (!secret) return Error{ErrorCode::psk_unknown, "a PSK of the Welcome is not known here"};
    out.known.push_back({id, std::move(*secret)});
  }
  return out;
}

/// §11.2 and §11.3, and the end of §12.4.3.1.
Result<void> check_successor(const PskId& psk, const GroupState& state, const JoinOptions& options,
                             const Environment& env) {
  const GroupContext& context = state.current.context;
  if (context.epoch.value != 1)
    return Error{ErrorCode::successor_epoch_invalid, "a successor group starts at epoch 1"};
  if (options.old_group == nullptr || options.old_group->group_id() != psk.group_id)
    return Error{ErrorCode::successor_group_unknown, "the group that this one succeeds was not given"};
  const Group& old = *options.old_group;
  const std::set<Bytes> members = identities_in(state.current.tree, env.policy);
  if (psk.usage == ResumptionUsage::reinit) {
    const std::optional<ReInit>& reinit = old.reinit();
    if (!reinit || old.epoch() != psk.epoch)
      return Error{ErrorCode::successor_group_unknown, "the old group's last commit had no ReInit"};
    if (reinit->group_id != context.group_id || reinit->version != context.version ||
        reinit->cipher_suite != context.cipher_suite || reinit->extensions != context.extensions)
      return Error{ErrorCode::successor_parameters_mismatch,
                   "the new group is not what the ReInit announced"};
    if (members != identities_in(old.internals().current.tree, env.policy))
      return Error{ErrorCode::successor_members_mismatch, "the new group has other members than the old one"};
    return {};
  }
  if (context.cipher_suite != old.cipher_suite())
    return Error{ErrorCode::successor_parameters_mismatch, "a branch with another cipher suite"};
  const std::set<Bytes> old_members = identities_in(old.internals().current.tree, env.policy);
  if (!std::includes(old_members.begin(), old_members.end(), members.begin(), members.end()))
    return Error{ErrorCode::successor_members_mismatch, "a member of the branch is not in the old group"};
  return {};
}

Result<void> take_path_secret(GroupState& state, const GroupInfo& info, GroupSecrets& secrets) {
  if (!secrets.path_secret) return {};
  const LeafIndex self = state.self();
  if (self == info.signer) return Error{ErrorCode::path_secret_invalid, "a path secret from ourselves"};
  auto ok = set_keys_upward(*state.suite, state.current.tree, state.current.keys, info.signer,
                            common_ancestor(self, info.signer), std::move(*secrets.path_secret));
  if (!ok) return ok.error();
  return {};
}

}  // namespace

std::set<Bytes> identities_in(const RatchetTree& tree, const Policy& policy) {
  std::set<Bytes> out;
  for (const auto& leaf : tree.leaves()) {
    if (leaf) out.insert(policy.identity_of(*leaf));
  }
  return out;
}

Result<RatchetTree> take_group_tree(const GroupInfo& info, const std::optional<Bytes>& given,
                                    const Environment& env) {
  const Extension* carried = find_extension(info.extensions, ExtensionType::ratchet_tree);
  if (carried == nullptr && !given)
    return Error{ErrorCode::tree_missing, "no ratchet tree in the message or given"};
  auto tree = parse<RatchetTree>(carried != nullptr ? carried->data : *given);
  if (!tree) return tree.error();
  // Lists of leaf indices come first: hashing relies on them.
  if (auto ok = check_unmerged_leaves(*tree); !ok) return ok.error();
  const LeafNode* signer = tree->leaf(info.signer);
  if (signer == nullptr)
    return Error{ErrorCode::group_info_signer_blank, "the signer of the GroupInfo is no member"};
  if (!verify_group_info(info, signer->signature_key))
    return Error{ErrorCode::group_info_signature_invalid, "signature of the GroupInfo"};
  if (env.policy.knows_group(info.context.group_id))
    return Error{ErrorCode::group_id_in_use, "we are in a group of this id already"};
  const HashValue& root_hash = tree->root_hash();
  if (!std::equal(root_hash.begin(), root_hash.end(), info.context.tree_hash.begin(),
                  info.context.tree_hash.end()))
    return Error{ErrorCode::tree_hash_mismatch, "the tree is not the one of the GroupContext"};
  if (auto ok = check_group_extensions(info.context.extensions, info.context.group_id, env); !ok)
    return ok.error();
  JoinedTree check;
  check.suite = info.context.cipher_suite;
  check.group_id = info.context.group_id;
  check.group_extensions = &info.context.extensions;
  if (auto ok = check_joined_tree(*tree, check, env); !ok) return ok.error();
  return tree;
}

Result<void> check_we_support(const GroupContext& context, const Capabilities& ours) {
  if (context.version != ProtocolVersion::mls10)
    return Error{ErrorCode::version_unsupported, "the group's protocol version"};
  for (const Extension& e : context.extensions) {
    if (!ours.supports(e.type))
      return Error{ErrorCode::group_extension_unsupported,
                   "the group uses the extension " + std::to_string(static_cast<unsigned>(e.type))};
  }
  return {};
}

Result<Group> Group::join(ByteView message, const KeyPackageBundle& bundle, Identity identity,
                          const JoinOptions& options, const Environment& env) {
  auto welcome = read_welcome(message);
  if (!welcome) return welcome.error();
  const KeyPackage& package = bundle.key_package;
  if (identity.keys.public_key() != package.leaf_node.signature_key ||
      identity.credential != package.leaf_node.credential)
    return Error{ErrorCode::invalid_argument, "the identity is not the key package's"};
  if (welcome->cipher_suite != package.cipher_suite)
    return Error{ErrorCode::welcome_suite_mismatch, "the Welcome is for another cipher suite"};
  const Suite* suite = find_suite(package.cipher_suite);
  if (suite == nullptr) return Error{ErrorCode::cipher_suite_unsupported, "Welcome"};
  auto secrets = open_group_secrets(*suite, *welcome, bundle);
  if (!secrets) return secrets.error();
  auto psks = find_welcome_psks(secrets->psks, options, env);
  if (!psks) return psks.error();
  const SecretBytes psk_secret = derive_psk_secret(*suite, psks->known);
  auto info = open_group_info(*suite, welcome->encrypted_group_info,
                              derive_welcome_secret(*suite, secrets->joiner_secret, psk_secret));
  if (!info) return info.error();
  if (info->context.cipher_suite != package.cipher_suite)
    return Error{ErrorCode::group_info_suite_mismatch,
                 "the group has another cipher suite than the key package"};
  if (auto ok = check_we_support(info->context, identity.capabilities); !ok) return ok.error();
  auto tree = take_group_tree(*info, options.ratchet_tree, env);
  if (!tree) return tree.error();

  const auto& leaves = tree->leaves();
  const auto own =
      std::find_if(leaves.begin(), leaves.end(), [&](const auto& l) { return l && *l == package.leaf_node; });
  if (own == leaves.end()) return Error{ErrorCode::own_leaf_missing, "our leaf is not in the tree"};
  const LeafIndex self{static_cast<std::uint32_t>(own - leaves.begin())};

  auto state = std::make_unique<GroupState>(suite, options.config, std::move(identity));
  EpochState& current = state->current;
  current.context = info->context;
  current.tree = std::move(*tree);
  current.keys =
      PrivateKeys(self, HpkeKeyPair{bundle.encryption_private_key.clone(), package.leaf_node.encryption_key});
  if (auto ok = take_path_secret(*state, *info, *secrets); !ok) return ok.error();
  const Bytes context = encode(current.context);
  finish_epoch_state(*suite, current, derive_epoch(*suite, secrets->joiner_secret, psk_secret, context));
  if (!equal_constant_time(current.confirmation_tag, info->confirmation_tag))
    return Error{ErrorCode::confirmation_tag_invalid, "confirmation tag of the GroupInfo"};
  if (psks->successor != nullptr) {
    if (auto ok = check_successor(*psks->successor, *state, options, env); !ok) return ok.error();
  }
  return Group(std::move(state));
}

}  // namespace sotto::mls
