// Making commits and proposals (RFC 9420 §12.1, §12.4.1).
#include "sdk/mls/src/group/group_commit.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/group/group_handshake.hpp"
#include "sdk/mls/src/group/proposal_choice.hpp"
#include "sdk/mls/src/state/state_records.hpp"
#include "sdk/mls/src/tree/leaf_validation.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "sdk/mls/src/tree/tree_validation.hpp"

namespace sotto::mls {

namespace {

Result<void> check_own_path_leaf(const GroupState& state, const AppliedProposals& applied,
                                 const LeafNode* old_leaf, LeafIndex self, CredentialEvent event,
                                 const Environment& env) {
  LeafCheck check;
  check.suite = state.current.context.cipher_suite;
  check.source = LeafNodeSource::commit;
  check.event = event;
  check.group_id = state.current.context.group_id;
  check.leaf = self;
  check.members = state.current.tree.leaves();
  check.old_leaf = old_leaf;
  check.needs = &applied.needs;
  check.own = true;
  check.signature_verified = true;  // we have just made it
  if (auto ok = check_leaf(*applied.tree.leaf(self), check, env); !ok) return ok;
  const LeafIndex changed[] = {self};
  return check_leaves_together(applied.tree, changed);
}

Result<Bytes> make_welcome(const Suite& suite, const EpochAdvance& next, const AppliedProposals& applied,
                           const std::optional<RenewedPath>& path, const CommitParts& parts,
                           const Environment& env) {
  GroupInfo info;
  info.context = next.state.context;
  info.extensions = parts.group_info_extensions;
  if (parts.tree_in_welcome)
    info.extensions.push_back({ExtensionType::ratchet_tree, encode(next.state.tree)});
  info.confirmation_tag = next.state.confirmation_tag;
  info.signer = next.state.keys.self();
  if (has_duplicates(info.extensions))
    return Error{ErrorCode::extension_duplicate, "two extensions of one type in a GroupInfo"};
  sign_group_info(info, parts.signer->keys);

  Welcome welcome;
  welcome.cipher_suite = suite.id;
  welcome.encrypted_group_info = seal_group_info(suite, info, next.welcome);
  const HpkeInfo hpke = welcome_info(suite, welcome.encrypted_group_info);
  GroupSecrets secrets;
  secrets.joiner_secret = next.joiner.clone();
  secrets.psks = applied.psks;
  for (std::size_t i = 0; i < applied.added.size(); ++i) {
    secrets.path_secret.reset();
    if (path) {
      const NodeIndex shared = common_ancestor(info.signer, applied.added[i]);
      for (std::size_t s = 0; s < path->steps.size(); ++s) {
        if (path->steps[s].node == shared) secrets.path_secret = path->path_secrets[s].clone();
      }
    }
    auto sealed = seal_group_secrets(suite, *applied.added_packages[i], secrets, hpke, env.random);
    if (!sealed) return sealed.error();
    welcome.secrets.push_back(std::move(*sealed));
  }
  Bytes message = to_message(WireFormat::welcome, welcome);
  if (message.size() > kMaxInput)
    return Error{ErrorCode::value_too_large, "a Welcome larger than what newcomers read"};
  return message;
}

}  // namespace

LeafNode leaf_of(const Identity& identity) {
  LeafNode leaf;
  leaf.signature_key = identity.keys.public_key();
  leaf.credential = identity.credential;
  leaf.capabilities = identity.capabilities;
  leaf.extensions = identity.leaf_extensions;
  return leaf;
}

Result<MadeCommit> make_commit(GroupState& state, const CommitParts& parts, const Environment& env) {
  const Sender sender =
      parts.external ? Sender{SenderType::new_member_commit, 0} : Sender::member(state.self());
  auto applied = apply_proposals(state, sender, parts.list, parts.place, env);
  if (!applied) return applied.error();
  std::vector<LeafIndex> added = applied->added;
  std::sort(added.begin(), added.end());

  EpochInput input;
  input.keys = state.current.keys;
  if (parts.external) input.keys = PrivateKeys(applied->tree.reserve_leaf(), {});
  const LeafIndex self = input.keys.self();
  const LeafNode* old_leaf = parts.external ? parts.replaced : state.current.tree.leaf(self);

  Commit commit;
  commit.proposals = parts.entries;
  std::optional<RenewedPath> path;
  if (applied->path_required || parts.force_path || parts.external) {
    path = renew_path(*state.suite, applied->tree, input.keys, leaf_of(*parts.signer), parts.signer->keys,
                      state.current.context.group_id, env.random);
    const CredentialEvent event = parts.external ? CredentialEvent::external_join : CredentialEvent::commit;
    if (auto ok = check_own_path_leaf(state, *applied, old_leaf, self, event, env); !ok) return ok.error();
  }
  input.context = provisional_context(state, applied->tree, applied->extensions);
  input.commit_secret = SecretBytes(kHashSize);
  if (path) {
    const HpkeInfo info = label_info(*state.suite, "UpdatePathNode", encode(input.context));
    auto sealed = seal_path(*state.suite, applied->tree, *path, self, added, info, env.random);
    if (!sealed) return sealed.error();
    commit.path = std::move(*sealed);
    input.commit_secret = path->commit_secret.clone();
  }
  auto psks = find_psks(state, applied->psks, env);
  if (!psks) return psks.error();
  input.psk_secret = derive_psk_secret(*state.suite, *psks);

  MadeCommit out;
  out.content = own_content(state, parts.format, parts.authenticated_data, std::move(commit));
  out.content.content.sender = sender;
  sign_content(out.content, parts.external || !parts.rotates ? parts.signer->keys : state.identity.keys,
               state.current.context_bytes);
  const SecretBytes init =
      parts.init_secret != nullptr ? parts.init_secret->clone() : state.current.secrets.init.clone();
  input.init_secret = &init;
  input.interim_before = state.current.interim_transcript_hash;
  input.commit = &out.content;
  input.tree = std::move(applied->tree);
  EpochAdvance next = advance_epoch(*state.suite, std::move(input));
  out.content.auth.confirmation_tag = next.state.confirmation_tag;
  if (!applied->added.empty()) {
    auto welcome = make_welcome(*state.suite, next, *applied, path, parts, env);
    if (!welcome) return welcome.error();
    out.welcome = std::move(*welcome);
  }
  out.change = describe_change(state, out.content, *applied);
  if (path) {
    out.change.members.push_back({parts.external ? MemberChange::Kind::added : MemberChange::Kind::updated,
                                  self, old_leaf != nullptr ? std::optional(*old_leaf) : std::nullopt,
                                  *next.state.tree.leaf(self)});
  }
  out.next = std::move(next.state);
  return out;
}

namespace {

/// What the caller has put into a commit beside its authenticated data.
std::size_t size_of_contents(const CommitOptions& options) {
  std::size_t size = encoded_size(options.group_info_extensions);
  for (const Proposal& p : options.proposals)
    size += encoded_size(p);
  for (const Bytes& reference : options.references)
    size += reference.size();
  if (options.new_identity != nullptr) size += encoded_size(leaf_of(*options.new_identity));
  return size;
}

Result<std::vector<const CachedProposal*>> referenced(const GroupState& state, const CommitOptions& options,
                                                      const Environment& env) {
  std::vector<const CachedProposal*> out;
  switch (options.by_reference) {
    case ProposalsByReference::none:
      return out;
    case ProposalsByReference::all_valid:
      return choose_proposals(state, options.proposals, env);
    case ProposalsByReference::exactly:
      break;
  }
  const auto cached = by_reference(state);
  for (const Bytes& reference : options.references) {
    const auto at = cached.find(as_text(reference));
    if (at == cached.end())
      return Error{ErrorCode::proposal_reference_unknown, "no proposal of that reference is cached"};
    out.push_back(at->second);
  }
  return out;
}

Error over() {
  return {ErrorCode::group_not_active, "the group is over for us"};
}

}  // namespace

Result<CommitResult> Group::commit(const CommitOptions& options, const Environment& env) {
  GroupState& state = *state_;
  if (!state.active()) return over();
  if (auto ok = check_fits(options.authenticated_data.size(), size_of_contents(options)); !ok)
    return ok.error();
  auto cached = referenced(state, options, env);
  if (!cached) return cached.error();

  CommitParts parts;
  const Sender self = Sender::member(state.self());
  for (const CachedProposal* p : *cached) {
    parts.list.push_back({p->sender, &p->proposal, true});
    parts.entries.push_back({p->reference});
  }
  for (const Proposal& p : options.proposals) {
    parts.list.push_back({self, &p, false, true});
    parts.entries.push_back({p});
  }
  parts.rotates = options.new_identity != nullptr;
  parts.signer = parts.rotates ? options.new_identity : &state.identity;
  parts.force_path = options.force_path || parts.rotates;
  parts.format = options.format.value_or(state.config.handshake);
  parts.authenticated_data = options.authenticated_data;
  parts.tree_in_welcome = options.tree_in_welcome;
  parts.group_info_extensions = options.group_info_extensions;
  auto made = make_commit(state, parts, env);
  if (!made) return made.error();
  auto message = frame_handshake(state, made->content, env.random);
  if (!message) return message.error();

  auto pending = std::make_unique<PendingCommitState>();
  pending->from = state.current.context.epoch;
  pending->message_hash = hash(*message);
  pending->change = std::move(made->change);
  pending->next = std::move(made->next);
  if (parts.rotates) pending->new_identity = options.new_identity->clone();
  CommitResult out{std::move(*message), std::move(made->welcome), PendingCommit(std::move(pending)), {}};
  const std::set<const CachedProposal*> included(cached->begin(), cached->end());
  for (const CachedProposal& p : state.proposals) {
    if (!included.contains(&p)) out.left_out.push_back(p.reference);
  }
  return out;
}

Result<EpochChange> Group::adopt(PendingCommit pending, const Environment& env) {
  GroupState& state = *state_;
  PendingCommitState& next = *pending.state_;
  if (!state.active()) return over();
  const Identity& identity = next.new_identity ? *next.new_identity : state.identity;
  const LeafNode* leaf = next.next.tree.leaf(state.self());
  if (next.from != state.current.context.epoch ||
      next.next.context.group_id != state.current.context.group_id)
    return Error{ErrorCode::pending_outdated, "a pending commit from another epoch"};
  if (next.next.context.cipher_suite != state.suite->id || next.next.keys.self() != state.self() ||
      leaf == nullptr || leaf->signature_key != identity.keys.public_key())
    return Error{ErrorCode::pending_outdated, "a pending commit of another member"};
  if (next.new_identity) state.identity = std::move(*next.new_identity);
  if (next.change.reinit) state.reinit = next.change.reinit;
  state.dirty.insert(self_key());
  enter_epoch(state, std::move(next.next), env);
  return std::move(next.change);
}

Result<Bytes> Group::propose(const Proposal& proposal, const ProposeOptions& options,
                             const Environment& env) {
  GroupState& state = *state_;
  if (!state.active()) return over();
  if (proposal.as<Update>() != nullptr || proposal.as<ExternalInit>() != nullptr)
    return Error{ErrorCode::invalid_argument,
                 "Updates come from propose_update, ExternalInits from join_external"};
  if (auto ok = check_proposal_now(state, {Sender::member(state.self()), &proposal, false, true}, env); !ok)
    return ok.error();
  return send_proposal(state, proposal, options, env);
}

Result<Bytes> Group::propose_update(const Identity* new_identity, const ProposeOptions& options,
                                    const Environment& env) {
  GroupState& state = *state_;
  if (!state.active()) return over();
  const Identity& identity = new_identity != nullptr ? *new_identity : state.identity;
  HpkeKeyPair keys = generate_hpke_key_pair(*state.suite, env.random);
  LeafNode leaf = leaf_of(identity);
  leaf.source = LeafNodeSource::update;
  leaf.encryption_key = keys.public_key;
  sign_leaf(leaf, identity.keys, {state.current.context.group_id, state.self()});
  const Proposal proposal{Update{leaf}};
  if (auto ok = check_proposal_now(state, {Sender::member(state.self()), &proposal, true}, env); !ok)
    return ok.error();
  auto message = send_proposal(state, proposal, options, env);
  if (!message) return message;
  state.dirty.insert(pending_update_key(leaf.encryption_key));
  state.pending_updates.insert_or_assign(leaf.encryption_key,
                                         PendingUpdate{std::move(keys), identity.clone()});
  return message;
}

Result<Bytes> send_proposal(GroupState& state, const Proposal& proposal, const ProposeOptions& options,
                            const Environment& env) {
  if (auto ok = check_fits(options.authenticated_data.size(), encoded_size(proposal)); !ok) return ok.error();
  if (auto ok = check_cache_has_room(state); !ok) return ok.error();
  AuthenticatedContent content = own_content(state, options.format.value_or(state.config.handshake),
                                             options.authenticated_data, proposal);
  sign_content(content, state.identity.keys, state.current.context_bytes);
  auto message = frame_handshake(state, content, env.random);
  if (!message) return message;
  cache_proposal(state, {proposal_reference(*state.suite, content), content.content.sender, proposal,
                         options.authenticated_data});
  return message;
}

}  // namespace sotto::mls
