// A state from its records: everything that can be checked is, because what is loaded is trusted afterwards.
#include <bit>

#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/state/record_kinds.hpp"
#include "sdk/mls/src/state/state_codec.hpp"
#include "sdk/mls/src/state/state_records.hpp"
#include "sdk/mls/src/tree/tree_validation.hpp"

namespace sotto::mls {

namespace {

Error inconsistent(std::string_view what) {
  return {ErrorCode::state_inconsistent, "saved state: " + std::string(what)};
}

struct LoadedMessages {
  std::map<NodeIndex, SecretBytes> nodes;
  std::map<std::pair<LeafIndex, RatchetType>, Ratchet> ratchets;
};

struct LoadedPast {
  PastEpoch epoch;
  std::uint32_t leaf_count = 0;
};

/// Records as they were read, before they are put together.
struct Parts {
  bool has_self = false;
  bool has_epoch = false;
  CipherSuite suite{};
  std::optional<Identity> identity;
  bool removed = false;
  std::optional<ReInit> reinit;
  GroupContext context;
  Bytes context_bytes;
  std::uint32_t leaf_count = 0;
  LeafIndex self;
  EpochSecrets secrets;
  Bytes confirmation_tag;
  Bytes interim;
  std::map<LeafIndex, std::shared_ptr<const LeafNode>> leaves;
  std::map<NodeIndex, std::shared_ptr<const ParentNode>> parents;
  std::map<NodeIndex, SecretBytes> private_keys;
  std::map<Epoch, LoadedMessages> messages;
  std::map<std::uint32_t, CachedProposal> proposals;
  std::map<Bytes, std::pair<SecretBytes, Identity>> updates;
  std::map<Epoch, LoadedPast> past;
  std::map<Epoch, std::map<LeafIndex, std::shared_ptr<const LeafNode>>> past_leaves;
  std::map<Epoch, SecretBytes> resumption;
};

class RecordReader {
 public:
  RecordReader(Parts& parts, Reader& key, Reader& value) : p_(parts), key_(key), r_(value) {}

  void read_record() {
    switch (static_cast<RecordKind>(key_.u8())) {
      case RecordKind::self:
        return self();
      case RecordKind::epoch:
        return epoch();
      case RecordKind::leaf: {
        auto node = std::make_shared<LeafNode>();
        read(r_, *node);
        p_.leaves[{key_.u32()}] = std::move(node);
        return;
      }
      case RecordKind::parent: {
        auto node = std::make_shared<ParentNode>();
        read(r_, *node);
        p_.parents[{key_.u32()}] = std::move(node);
        return;
      }
      case RecordKind::private_key:
        p_.private_keys[{key_.u32()}] = SecretBytes(r_.raw(kHashSize));
        return;
      case RecordKind::secret_node: {
        const Epoch e{key_.u64()};
        p_.messages[e].nodes[{key_.u32()}] = SecretBytes(r_.raw(kHashSize));
        return;
      }
      case RecordKind::ratchet:
        return ratchets();
      case RecordKind::skipped:
        return skipped();
      case RecordKind::proposal:
        return proposal();
      case RecordKind::pending_update:
        return pending_update();
      case RecordKind::past_epoch:
        return past_epoch();
      case RecordKind::past_leaf: {
        const Epoch e{key_.u64()};
        auto& slot = p_.past_leaves[e][{key_.u32()}];
        if (!r_.present()) return;
        auto node = std::make_shared<LeafNode>();
        read(r_, *node);
        slot = std::move(node);
        return;
      }
      case RecordKind::resumption:
        p_.resumption[{key_.u64()}] = SecretBytes(r_.raw(kHashSize));
        return;
    }
    r_.fail(ErrorCode::state_malformed, "a record of an unknown kind");
  }

 private:
  void self() {
    p_.has_self = true;
    if (r_.u8() != kStateFormat)
      return r_.fail(ErrorCode::state_version_unsupported, "format of the saved state");
    p_.suite = static_cast<CipherSuite>(r_.u16());
    p_.identity = read_identity(r_);
    p_.removed = r_.present();
    if (r_.present()) read(r_, p_.reinit.emplace());
  }
  void epoch() {
    p_.has_epoch = true;
    p_.context_bytes = r_.opaque();
    auto context = parse<GroupContext>(p_.context_bytes);
    if (!context) return r_.fail(context.error());
    p_.context = std::move(*context);
    p_.leaf_count = r_.u32();
    p_.self.value = r_.u32();
    read(r_, p_.secrets);
    p_.confirmation_tag = r_.opaque();
    p_.interim = r_.opaque();
  }
  void ratchets() {
    const Epoch e{key_.u64()};
    const LeafIndex leaf{key_.u32()};
    for (RatchetType type : {RatchetType::handshake, RatchetType::application}) {
      if (!r_.present()) continue;
      Ratchet& ratchet = p_.messages[e].ratchets[{leaf, type}];
      ratchet.generation = r_.u32();
      ratchet.secret = SecretBytes(r_.raw(kHashSize));
    }
  }
  void skipped() {
    const Epoch e{key_.u64()};
    const LeafIndex leaf{key_.u32()};
    const std::uint8_t type = key_.u8();
    if (type > static_cast<std::uint8_t>(RatchetType::application))
      return r_.fail(ErrorCode::state_malformed, "type of ratchet");
    MessageKey key;
    key.generation = key_.u32();
    key.key = r_.secret();
    key.nonce = r_.secret();
    // Records come in the order of their keys, so generations rise.
    p_.messages[e].ratchets[{leaf, static_cast<RatchetType>(type)}].skipped.push_back(std::move(key));
  }
  void proposal() {
    CachedProposal proposal;
    const std::uint32_t order = r_.u32();
    proposal.reference = to_bytes(key_.raw(key_.remaining()));
    read(r_, proposal.sender);
    proposal.authenticated_data = r_.opaque();
    read(r_, proposal.proposal);
    if (!p_.proposals.emplace(order, std::move(proposal)).second)
      r_.fail(ErrorCode::state_malformed, "two proposals in one place");
  }
  void pending_update() {
    SecretBytes key = r_.secret();
    auto identity = read_identity(r_);
    if (identity)
      p_.updates.emplace(to_bytes(key_.raw(key_.remaining())),
                         std::pair{std::move(key), std::move(*identity)});
  }
  void past_epoch() {
    const Epoch e{key_.u64()};
    LoadedPast& past = p_.past[e];
    past.epoch.epoch = e;
    past.epoch.ended = from_unix_ms(static_cast<std::int64_t>(r_.u64()));
    past.epoch.context_bytes = r_.opaque();
    past.epoch.sender_data = SecretBytes(r_.raw(kHashSize));
    past.leaf_count = r_.u32();
  }

  Parts& p_;
  Reader& key_;
  Reader& r_;
};

Result<void> read_one(Parts& parts, ByteView key, const SecretBytes& value) {
  const ByteView all = value.view();
  if (all.size() < kChecksumSize) return Error{ErrorCode::state_malformed, "a record that is too short"};
  const ByteView contents = all.first(all.size() - kChecksumSize);
  const HashValue sum = hash(key, contents);
  if (as_text(ByteView(sum).first(kChecksumSize)) != as_text(all.last(kChecksumSize)))
    return Error{ErrorCode::state_malformed, "a damaged record"};
  Reader k(key);
  Reader r(contents);
  RecordReader(parts, k, r).read_record();
  r.finish();
  k.finish();
  if (!r.ok() && r.error().code == ErrorCode::state_version_unsupported) return r.error();
  if (!r.ok()) return Error{ErrorCode::state_malformed, "record: " + r.error().message};
  if (!k.ok()) return Error{ErrorCode::state_malformed, "key of a record: " + k.error().message};
  return {};
}

/// The array's size is the smallest that holds the last member (§7.7): two numbers that have to agree.
bool is_size_of_tree(std::uint32_t leaf_count, LeafIndex last) {
  return last.value < kMaxLeaves && leaf_count == std::bit_ceil(last.value + 1);
}

Result<RatchetTree> assemble_tree(Parts& p) {
  if (p.leaves.empty() || !is_size_of_tree(p.leaf_count, p.leaves.rbegin()->first))
    return inconsistent("size of the tree");
  std::vector<std::shared_ptr<const LeafNode>> leaves(p.leaves.rbegin()->first.value + std::size_t{1});
  for (auto& [i, node] : p.leaves)
    leaves[i.value] = std::move(node);
  std::vector<std::shared_ptr<const ParentNode>> parents(p.leaf_count - 1);
  for (auto& [x, node] : p.parents) {
    if (is_leaf(x) || x.value >= node_count({p.leaf_count}))
      return inconsistent("a parent node outside of the tree");
    parents[x.value / 2] = std::move(node);
  }
  RatchetTree tree(std::move(leaves), std::move(parents));
  if (!check_unmerged_leaves(tree)) return inconsistent("unmerged leaves");
  if (as_text(tree.root_hash()) != as_text(p.context.tree_hash)) return inconsistent("tree hash");
  return tree;
}

Result<SecretTree> assemble_messages(Parts& p, const Suite& suite, Epoch epoch, LeafCount leaves) {
  LoadedMessages loaded;
  if (const auto at = p.messages.find(epoch); at != p.messages.end()) {
    loaded = std::move(at->second);
    p.messages.erase(at);
  }
  if (!loaded.nodes.empty() && loaded.nodes.rbegin()->first.value >= node_count(leaves))
    return inconsistent("a secret outside of the tree");
  for (const auto& [id, ratchet] : loaded.ratchets) {
    if (id.first.value >= leaves.value) return inconsistent("a ratchet outside of the tree");
    if (ratchet.secret.empty()) return inconsistent("a skipped key without its ratchet");
    for (const MessageKey& key : ratchet.skipped) {
      if (key.generation >= ratchet.generation || key.key.size() != suite.aead->key_size ||
          key.nonce.size() != suite.aead->nonce_size)
        return inconsistent("a skipped key");
    }
  }
  return SecretTree::from_parts(suite, leaves, std::move(loaded.nodes), std::move(loaded.ratchets));
}

Result<void> assemble_past(Parts& p, GroupState& state) {
  LeafCount newer = state.current.tree.leaf_count();
  for (auto past = p.past.rbegin(); past != p.past.rend(); ++past) {
    const Epoch now = state.current.context.epoch;
    if (past->first > now || (past->first == now && !p.removed))
      return inconsistent("a past epoch that is not past");
    PastEpoch& epoch = past->second.epoch;
    epoch.leaf_count = {past->second.leaf_count};
    epoch.changed_leaves = std::move(p.past_leaves[past->first]);
    p.past_leaves.erase(past->first);
    const std::uint32_t count = epoch.leaf_count.value;
    const LeafIndex last = epoch.changed_leaves.empty() ? LeafIndex{0} : epoch.changed_leaves.rbegin()->first;
    if (!std::has_single_bit(count) || count > kMaxLeaves || last.value >= count ||
        (count > newer.value && !is_size_of_tree(count, last)))
      return inconsistent("size of a past tree");
    newer = epoch.leaf_count;
    auto messages = assemble_messages(p, *state.suite, past->first, epoch.leaf_count);
    if (!messages) return messages.error();
    epoch.messages = std::move(*messages);
    epoch.messages.drop_handshake_ratchets();
    state.past.push_front(std::move(epoch));
  }
  if (!p.past_leaves.empty() || !p.messages.empty()) return inconsistent("parts of an unknown epoch");
  return {};
}

Result<void> assemble_keys(Parts& p, GroupState& state) {
  PrivateKeys keys(p.self, {});
  for (auto& [x, secret] : p.private_keys) {
    auto pair = hpke_key_pair_from_private(*state.suite, secret.view());
    if (!pair) return inconsistent("a private key");
    keys.set(x, std::move(*pair));
  }
  const LeafNode* leaf = state.current.tree.leaf(p.self);
  if (leaf == nullptr || leaf->signature_key != state.identity.keys.public_key())
    return inconsistent("the identity is not that of our leaf");
  if (p.removed) keys.forget();  // an older state may still hold them
  if (!p.removed && !keys.consistent_with(state.current.tree)) return inconsistent("private keys");
  state.current.keys = std::move(keys);
  for (auto& [public_key, update] : p.updates) {
    auto pair = hpke_key_pair_from_private(*state.suite, update.first.view());
    if (!pair || pair->public_key != public_key) return inconsistent("the key of an Update");
    state.pending_updates.emplace(public_key, PendingUpdate{std::move(*pair), std::move(update.second)});
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<GroupState>> load_records(std::span<const StateRecord> records,
                                                 const GroupConfig& config) {
  std::map<ByteView, const SecretBytes*, bool (*)(ByteView, ByteView)> sorted(
      [](ByteView a, ByteView b) { return as_text(a) < as_text(b); });
  for (const StateRecord& record : records) {
    if (!record.value || !sorted.emplace(record.key, &*record.value).second)
      return Error{ErrorCode::state_malformed, "an erased or doubled record"};
  }
  Parts p;
  for (const auto& [key, value] : sorted) {
    if (auto ok = read_one(p, key, *value); !ok) return ok.error();
  }
  if (!p.has_self || !p.has_epoch || !p.identity)
    return Error{ErrorCode::state_malformed, "main records are missing"};
  const Suite* suite = find_suite(p.suite);
  if (suite == nullptr || p.context.cipher_suite != p.suite) return inconsistent("cipher suite");

  auto state = std::make_unique<GroupState>(suite, config, std::move(*p.identity));
  EpochState& current = state->current;
  auto tree = assemble_tree(p);
  if (!tree) return tree.error();
  current.tree = std::move(*tree);
  current.context = std::move(p.context);
  current.context_bytes = std::move(p.context_bytes);
  current.secrets = std::move(p.secrets);
  current.confirmation_tag = std::move(p.confirmation_tag);
  current.interim_transcript_hash = std::move(p.interim);
  if (mac(*suite, current.secrets.confirmation_key.view(), current.context.confirmed_transcript_hash) !=
      current.confirmation_tag)
    return inconsistent("confirmation tag");
  if (interim_transcript_hash(current.context.confirmed_transcript_hash, current.confirmation_tag) !=
      current.interim_transcript_hash)
    return inconsistent("interim transcript hash");
  if (auto ok = assemble_keys(p, *state); !ok) return ok.error();
  if (!p.past.contains(current.context.epoch)) {  // it is there once we have been removed
    auto messages = assemble_messages(p, *suite, current.context.epoch, current.tree.leaf_count());
    if (!messages) return messages.error();
    current.messages = std::move(*messages);
  }
  if (auto ok = assemble_past(p, *state); !ok) return ok.error();
  for (auto& [order, proposal] : p.proposals)
    state->proposals.push_back(std::move(proposal));
  state->resumption_psks = std::move(p.resumption);
  state->removed = p.removed;
  state->reinit = std::move(p.reinit);
  state->saved_once = true;
  return state;
}

}  // namespace sotto::mls
