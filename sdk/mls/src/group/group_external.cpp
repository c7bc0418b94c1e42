// Joining by an external commit (RFC 9420 §8.3, §12.4.3.2), and proposals from outside (§12.1.8).
#include "sdk/mls/src/group/group_commit.hpp"
#include "sdk/mls/src/group/group_handshake.hpp"
#include "sdk/mls/src/group/group_join.hpp"
#include "sdk/mls/src/group/proposal_list.hpp"
#include "sdk/mls/src/tree/leaf_validation.hpp"

namespace sotto::mls {

namespace {

Result<GroupInfo> read_group_info(ByteView message) {
  Reader r(message);
  const WireFormat format = read_message_head(r);
  if (r.ok() && format != WireFormat::group_info)
    r.fail(ErrorCode::wire_format_unexpected, "not a GroupInfo");
  GroupInfo info;
  if (r.ok()) read(r, info);
  r.finish();
  if (!r.ok()) return r.error();
  return info;
}

Result<Bytes> read_external_pub(const GroupInfo& info) {
  const Extension* e = find_extension(info.extensions, ExtensionType::external_pub);
  if (e == nullptr) return Error{ErrorCode::external_pub_missing, "the GroupInfo has no external_pub"};
  Reader r(e->data);
  Bytes key = r.opaque();
  r.finish();
  if (!r.ok()) return Error{ErrorCode::extension_malformed, "external_pub: " + r.error().message};
  return key;
}

Bytes frame_outside(const AuthenticatedContent& content) {
  return to_message(WireFormat::public_message, PublicMessage{content.content, content.auth, std::nullopt});
}

AuthenticatedContent outside_content(ByteView group_id, Epoch epoch, Sender sender,
                                     const Proposal& proposal) {
  AuthenticatedContent out;
  out.content.group_id = to_bytes(group_id);
  out.content.epoch = epoch;
  out.content.sender = sender;
  out.content.content = proposal;
  return out;
}

}  // namespace

Result<Group::ExternalJoin> Group::join_external(ByteView message, Identity identity,
                                                 const ExternalJoinOptions& options, const Environment& env) {
  std::size_t psk_size = 0;
  for (const PskId& psk : options.psks)
    psk_size += encoded_size(psk);
  if (auto ok = check_fits(options.authenticated_data.size(), psk_size); !ok) return ok.error();
  auto info = read_group_info(message);
  if (!info) return info.error();
  const Suite* suite = find_suite(info->context.cipher_suite);
  if (suite == nullptr) return Error{ErrorCode::cipher_suite_unsupported, "GroupInfo"};
  if (auto ok = check_we_support(info->context, identity.capabilities); !ok) return ok.error();
  auto external_pub = read_external_pub(*info);
  if (!external_pub) return external_pub.error();
  auto tree = take_group_tree(*info, options.ratchet_tree, env);
  if (!tree) return tree.error();

  // The group as an outsider knows it: everything public, and no secrets.
  auto state = std::make_unique<GroupState>(suite, options.config, std::move(identity));
  state->current.context = info->context;
  state->current.context_bytes = encode(info->context);
  state->current.tree = std::move(*tree);
  state->current.confirmation_tag = info->confirmation_tag;
  state->current.interim_transcript_hash =
      interim_transcript_hash(info->context.confirmed_transcript_hash, info->confirmation_tag);

  auto init = hpke_send_export(*suite, *external_pub, "MLS 1.0 external init secret", env.random);
  if (!init) return init.error();
  std::vector<Proposal> proposals;
  proposals.push_back({ExternalInit{std::move(init->kem_output)}});
  if (options.replaces) proposals.push_back(Proposal::remove(*options.replaces));
  for (const PskId& psk : options.psks)
    proposals.push_back({PreSharedKey{psk}});

  CommitParts parts;
  const Sender sender{SenderType::new_member_commit, 0};
  for (const Proposal& p : proposals) {
    parts.list.push_back({sender, &p, false, true});
    parts.entries.push_back({p});
  }
  parts.signer = &state->identity;
  parts.external = true;
  if (options.replaces) parts.replaced = state->current.tree.leaf(*options.replaces);
  parts.init_secret = &init->secret;
  parts.authenticated_data = options.authenticated_data;
  auto made = make_commit(*state, parts, env);
  if (!made) return made.error();
  state->current = std::move(made->next);
  return ExternalJoin{frame_outside(made->content), Group(std::move(state))};
}

Result<Bytes> make_external_proposal(CipherSuite suite, ByteView group_id, Epoch epoch,
                                     std::uint32_t sender_index, const SignatureKeyPair& signer,
                                     const Proposal& proposal) {
  if (!is_supported(suite)) return Error{ErrorCode::cipher_suite_unsupported, "make_external_proposal"};
  if (auto ok = check_fits(0, encoded_size(proposal)); !ok) return ok.error();
  if (auto ok = check_may_be_sent(proposal); !ok) return ok.error();
  AuthenticatedContent content =
      outside_content(group_id, epoch, Sender{SenderType::external, sender_index}, proposal);
  sign_content(content, signer, {});
  return frame_outside(content);
}

Result<Bytes> make_new_member_proposal(ByteView group_id, Epoch epoch, const KeyPackage& package,
                                       const SignatureKeyPair& signer) {
  if (signer.public_key() != package.leaf_node.signature_key)
    return Error{ErrorCode::invalid_argument, "the signer is not the key package's"};
  AuthenticatedContent content =
      outside_content(group_id, epoch, Sender{SenderType::new_member_proposal, 0}, Proposal::add(package));
  sign_content(content, signer, {});
  return frame_outside(content);
}

}  // namespace sotto::mls
