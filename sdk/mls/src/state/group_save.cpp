// Group's and PendingCommit's doors to saving and loading (docs/state-format.md).
#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/state/record_kinds.hpp"
#include "sdk/mls/src/state/state_codec.hpp"
#include "sdk/mls/src/state/state_records.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "sdk/mls/src/tree/tree_validation.hpp"

namespace sotto::mls {

std::vector<StateRecord> Group::take_changes() {
  GroupState& state = *state_;
  std::vector<StateRecord> out;
  if (!state.saved_once) {
    for (const Bytes& key : all_record_keys(state))
      out.push_back(make_record(state, key));
  } else {
    for (const Bytes& key : state.dirty)
      out.push_back(make_record(state, key));
  }
  state.dirty.clear();
  state.saved_once = true;
  return out;
}

Result<Group> Group::load(std::span<const StateRecord> records, const GroupConfig& config) {
  auto state = load_records(records, config);
  if (!state) return state.error();
  return Group(std::move(*state));
}

SecretBytes Group::save() const {
  Writer w(Writer::Content::secret);
  w.u8(kStateFormat);
  w.vector([&] {
    for (const Bytes& key : all_record_keys(*state_)) {
      w.opaque(key);
      w.opaque(make_record(*state_, key).value->view());
    }
  });
  return w.take_secret();
}

Result<Group> Group::load(ByteView saved, const GroupConfig& config) {
  Reader r(saved);
  if (r.u8() != kStateFormat) return Error{ErrorCode::state_version_unsupported, "format of the saved state"};
  std::vector<StateRecord> records;
  r.vector([&] {
    Bytes key = r.opaque();
    records.push_back({std::move(key), r.secret()});
  });
  r.finish();
  if (!r.ok()) return Error{ErrorCode::state_malformed, "saved state: " + r.error().message};
  return load(records, config);
}

PendingCommit::PendingCommit(std::unique_ptr<PendingCommitState> state) : state_(std::move(state)) {}
PendingCommit::PendingCommit(PendingCommit&&) noexcept = default;
PendingCommit& PendingCommit::operator=(PendingCommit&&) noexcept = default;
PendingCommit::~PendingCommit() = default;

Epoch PendingCommit::from_epoch() const {
  return state_->from;
}
const EpochChange& PendingCommit::change() const {
  return state_->change;
}
bool PendingCommit::is(ByteView message) const {
  return hash(message) == state_->message_hash;
}
SecretBytes PendingCommit::save() const {
  return save_pending(*state_);
}
Result<PendingCommit> PendingCommit::load(ByteView saved) {
  auto state = load_pending(saved);
  if (!state) return state.error();
  return PendingCommit(std::move(*state));
}

SecretBytes save_pending(const PendingCommitState& state) {
  const EpochState& next = state.next;
  Writer w(Writer::Content::secret);
  w.u8(kStateFormat);
  w.u64(state.from.value);
  w.raw(state.message_hash);
  write(w, state.change);
  w.optional(state.new_identity, [&](const Identity& identity) { write_identity(w, identity); });
  w.opaque(next.context_bytes);
  write(w, next.tree);
  w.u32(next.keys.self().value);
  w.vector([&] {
    for (const auto& [x, pair] : next.keys.all()) {
      w.u32(x.value);
      w.raw(pair->private_key.view());
    }
  });
  write(w, next.secrets);
  w.raw(next.messages.nodes().at(root(next.tree.leaf_count())).view());  // nobody has spoken yet
  w.opaque(next.confirmation_tag);
  w.opaque(next.interim_transcript_hash);
  w.raw(ByteView(hash(w.view())).first(kChecksumSize));
  return w.take_secret();
}

Result<std::unique_ptr<PendingCommitState>> load_pending(ByteView saved) {
  const Error malformed{ErrorCode::state_malformed, "saved pending commit"};
  if (saved.size() <= kChecksumSize) return malformed;
  if (saved[0] != kStateFormat)
    return Error{ErrorCode::state_version_unsupported, "format of the pending commit"};
  const ByteView contents = saved.first(saved.size() - kChecksumSize);
  if (as_text(ByteView(hash(contents)).first(kChecksumSize)) != as_text(saved.last(kChecksumSize)))
    return malformed;
  Reader r(contents.subspan(1));
  auto state = std::make_unique<PendingCommitState>();
  EpochState& next = state->next;
  state->from.value = r.u64();
  const ByteView message_hash = r.raw(kHashSize);
  std::copy(message_hash.begin(), message_hash.end(), state->message_hash.begin());
  read(r, state->change);
  if (r.present()) state->new_identity = read_identity(r);
  next.context_bytes = r.opaque();
  read(r, next.tree);
  const LeafIndex self{r.u32()};
  std::vector<std::pair<NodeIndex, SecretBytes>> keys;
  r.vector([&] {
    const NodeIndex x{r.u32()};
    keys.emplace_back(x, r.raw(kHashSize));
  });
  read(r, next.secrets);
  SecretBytes encryption(r.raw(kHashSize));
  next.confirmation_tag = r.opaque();
  next.interim_transcript_hash = r.opaque();
  r.finish();
  if (!r.ok()) return Error{ErrorCode::state_malformed, "pending commit: " + r.error().message};
  auto context = parse<GroupContext>(next.context_bytes);
  if (!context) return malformed;
  next.context = std::move(*context);
  const Suite* suite = find_suite(next.context.cipher_suite);
  if (suite == nullptr) return malformed;
  next.keys = PrivateKeys(self, {});
  for (const auto& [x, secret] : keys) {
    auto pair = hpke_key_pair_from_private(*suite, secret.view());
    if (!pair) return malformed;
    next.keys.set(x, std::move(*pair));
  }
  const Error contradicts{ErrorCode::state_inconsistent,
                          "the parts of a pending commit contradict each other"};
  if (!check_unmerged_leaves(next.tree) ||
      as_text(next.tree.root_hash()) != as_text(next.context.tree_hash) ||
      !next.keys.consistent_with(next.tree) || next.context.epoch.value != state->from.value + 1 ||
      state->change.epoch != next.context.epoch)
    return contradicts;
  if (mac(*suite, next.secrets.confirmation_key.view(), next.context.confirmed_transcript_hash) !=
          next.confirmation_tag ||
      interim_transcript_hash(next.context.confirmed_transcript_hash, next.confirmation_tag) !=
          next.interim_transcript_hash)
    return contradicts;
  if (state->new_identity && state->new_identity->keys.public_key() != next.tree.leaf(self)->signature_key)
    return contradicts;
  next.messages = SecretTree(*suite, next.tree.leaf_count(), std::move(encryption));
  return state;
}

}  // namespace sotto::mls
