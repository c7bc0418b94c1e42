#include "sotto/mls/group.hpp"

#include <algorithm>

#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/group/group_commit.hpp"
#include "sdk/mls/src/group/group_handshake.hpp"
#include "sdk/mls/src/group/proposal_list.hpp"
#include "sdk/mls/src/messages/welcome.hpp"
#include "sdk/mls/src/state/state_records.hpp"
#include "sdk/mls/src/tree/leaf_validation.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"

namespace sotto::mls {

namespace {
constexpr std::chrono::hours kDefaultLifetimeBefore{24};
constexpr std::chrono::hours kDefaultLifetime{90 * 24};
/// HKDF's limit (RFC 5869 §2.3).
constexpr std::size_t kMaxExport = 255 * kHashSize;
}  // namespace

Group::Group(std::unique_ptr<GroupState> state) : state_(std::move(state)) {}
Group::Group(Group&&) noexcept = default;
Group& Group::operator=(Group&&) noexcept = default;
Group::~Group() = default;

Group Group::clone() const {
  const GroupState& s = *state_;
  auto copy = std::make_unique<GroupState>(s.suite, s.config, s.identity.clone());
  copy->current = s.current.clone();
  for (const PastEpoch& past : s.past)
    copy->past.push_back(past.clone());
  for (const auto& [epoch, secret] : s.resumption_psks)
    copy->resumption_psks.emplace(epoch, secret.clone());
  copy->proposals = s.proposals;
  for (const auto& [key, update] : s.pending_updates)
    copy->pending_updates.emplace(key, update.clone());
  copy->reinit = s.reinit;
  copy->removed = s.removed;
  copy->dirty = s.dirty;
  copy->saved_once = s.saved_once;
  return Group(std::move(copy));
}

Result<Group> Group::create(const GroupParams& params, Identity creator, const Environment& env) {
  const Suite* suite = find_suite(params.cipher_suite);
  if (suite == nullptr) return Error{ErrorCode::cipher_suite_unsupported, "create"};
  if (auto ok = check_fits(params.group_id.size(), encoded_size(params.extensions)); !ok) return ok.error();
  if (auto ok = check_may_be_sent(params.extensions); !ok) return ok.error();
  if (auto ok = check_group_extensions(params.extensions, params.group_id, env); !ok) return ok.error();
  auto needs = needs_of(params.extensions);
  if (!needs) return needs.error();
  HpkeKeyPair keys = generate_hpke_key_pair(*suite, env.random);
  LeafNode leaf = leaf_of(creator);
  leaf.encryption_key = keys.public_key;
  leaf.lifetime = params.lifetime.value_or(
      Lifetime::between(env.now() - kDefaultLifetimeBefore, env.now() + kDefaultLifetime));
  sign_leaf(leaf, creator.keys, {});
  LeafCheck check;
  check.suite = params.cipher_suite;
  check.source = LeafNodeSource::key_package;
  check.event = CredentialEvent::add;
  check.group_id = params.group_id;
  check.needs = &*needs;
  check.own = true;
  check.signature_verified = true;
  if (auto ok = check_leaf(leaf, check, env); !ok) return ok.error();

  auto state = std::make_unique<GroupState>(suite, params.config, std::move(creator));
  EpochState& current = state->current;
  current.tree.set_leaf({0}, std::make_shared<const LeafNode>(std::move(leaf)));
  current.keys = PrivateKeys({0}, std::move(keys));
  current.context.cipher_suite = params.cipher_suite;
  current.context.group_id = params.group_id;
  current.context.extensions = params.extensions;
  const HashValue& root_hash = current.tree.root_hash();
  current.context.tree_hash.assign(root_hash.begin(), root_hash.end());
  finish_epoch_state(*suite, current,
                     derive_from_epoch_secret(*suite, SecretBytes::random(env.random, kHashSize)));
  return Group(std::move(state));
}

Result<ProcessedMessage> Group::process(ByteView message, const Environment& env) {
  GroupState& state = *state_;
  expire_past_epochs(state, env.now());
  auto opened = open_message(state, message, false, env);
  if (!opened) return opened.error();
  switch (opened->content.content.type()) {
    case ContentType::application:
      return ProcessedMessage{take_application(state, *opened)};
    case ContentType::proposal: {
      auto done = process_proposal(state, *opened, env);
      if (!done) return done.error();
      return ProcessedMessage{std::move(*done)};
    }
    case ContentType::commit: {
      auto done = process_commit(state, *opened, env);
      if (!done) return done.error();
      return ProcessedMessage{std::move(*done)};
    }
  }
  return Error{ErrorCode::enum_invalid, "ContentType"};
}

Result<ApplicationMessage> Group::unprotect(ByteView message, const Environment& env) {
  expire_past_epochs(*state_, env.now());
  auto opened = open_message(*state_, message, true, env);
  if (!opened) return opened.error();
  return take_application(*state_, *opened);
}

Result<Bytes> Group::protect(ByteView plaintext, const ProtectOptions& options, const Environment& env) {
  GroupState& state = *state_;
  EpochState& current = state.current;
  if (!state.active()) return Error{ErrorCode::group_not_active, "the group is over for us"};
  if (state.config.commit_before_sending && !state.proposals.empty())
    return Error{ErrorCode::proposals_pending, "commit the received proposals first"};
  const std::size_t block = options.padding_block.value_or(state.config.padding_block);
  if (auto ok = check_fits(options.authenticated_data.size(), plaintext.size(), block); !ok)
    return ok.error();
  AuthenticatedContent content =
      own_content(state, HandshakeFormat::private_message, options.authenticated_data,
                  ApplicationData{to_bytes(plaintext)});
  sign_content(content, state.identity.keys, current.context_bytes);
  auto key = current.messages.next(state.self(), RatchetType::application);
  if (!key) return key.error();
  mark_ratchets(state, current.context.epoch, current.messages);
  const PrivateMessage sealed =
      seal_private(*state.suite, content, *key, current.secrets.sender_data, block, env.random);
  return to_message(WireFormat::private_message, sealed);
}

const Bytes& Group::group_id() const {
  return state_->current.context.group_id;
}
Epoch Group::epoch() const {
  return state_->current.context.epoch;
}
CipherSuite Group::cipher_suite() const {
  return state_->suite->id;
}
const Extensions& Group::extensions() const {
  return state_->current.context.extensions;
}
bool Group::active() const {
  return state_->active();
}
const std::optional<ReInit>& Group::reinit() const {
  return state_->reinit;
}
LeafIndex Group::own_leaf() const {
  return state_->self();
}

std::vector<Member> Group::members() const {
  std::vector<Member> out;
  const RatchetTree& tree = state_->current.tree;
  for (std::uint32_t i = 0; i < tree.leaf_count().value; ++i) {
    if (const LeafNode* leaf = tree.leaf({i})) out.push_back({{i}, leaf});
  }
  return out;
}
std::size_t Group::member_count() const {
  return state_->current.tree.member_count();
}
const LeafNode* Group::member(LeafIndex leaf) const {
  return state_->current.tree.leaf(leaf);
}

std::vector<ProposalReceived> Group::pending_proposals() const {
  std::vector<ProposalReceived> out;
  for (const CachedProposal& p : state_->proposals)
    out.push_back({p.reference, p.sender, p.proposal, p.authenticated_data});
  return out;
}

Bytes Group::tree_hash() const {
  return state_->current.context.tree_hash;
}
Bytes Group::confirmed_transcript_hash() const {
  return state_->current.context.confirmed_transcript_hash;
}
SecretBytes Group::epoch_authenticator() const {
  return state_->current.secrets.epoch_authenticator.clone();
}
Bytes Group::ratchet_tree() const {
  return encode(state_->current.tree);
}

Result<Bytes> Group::group_info(const GroupInfoOptions& options) const {
  const EpochState& current = state_->current;
  if (!state_->active()) return Error{ErrorCode::group_not_active, "the group is over for us"};
  if (auto ok = check_fits(0, encoded_size(options.extensions)); !ok) return ok.error();
  GroupInfo info;
  info.context = current.context;
  info.extensions = options.extensions;
  if (options.ratchet_tree) info.extensions.push_back({ExtensionType::ratchet_tree, encode(current.tree)});
  if (options.external_pub) {
    Writer key;
    key.opaque(external_key_pair(*state_->suite, current.secrets).public_key);
    info.extensions.push_back({ExtensionType::external_pub, key.take()});
  }
  if (has_duplicates(info.extensions))
    return Error{ErrorCode::extension_duplicate, "two extensions of one type in a GroupInfo"};
  info.confirmation_tag = current.confirmation_tag;
  info.signer = state_->self();
  sign_group_info(info, state_->identity.keys);
  return to_message(WireFormat::group_info, info);
}

Result<SecretBytes> Group::export_secret(std::string_view label, ByteView context, std::size_t length) const {
  if (state_->removed) return Error{ErrorCode::group_not_active, "the group is over for us"};
  if (length > kMaxExport) return Error{ErrorCode::invalid_argument, "a secret of more than 8160 bytes"};
  return mls_exporter(*state_->suite, state_->current.secrets.exporter, label, context, length);
}

std::optional<SecretBytes> Group::resumption_psk(Epoch epoch) const {
  if (epoch == this->epoch() && !state_->removed) return state_->current.secrets.resumption_psk.clone();
  const auto at = state_->resumption_psks.find(epoch);
  if (at == state_->resumption_psks.end()) return std::nullopt;
  return at->second.clone();
}

const Identity& Group::identity() const {
  return state_->identity;
}
const GroupConfig& Group::config() const {
  return state_->config;
}

}  // namespace sotto::mls
