#include "sdk/mls/src/state/state_records.hpp"

#include <algorithm>

#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/state/record_kinds.hpp"
#include "sdk/mls/src/state/state_codec.hpp"

namespace sotto::mls {

namespace {

template <class Fn>
Bytes make_key(RecordKind kind, Fn fill) {
  Writer w;
  w.u8(static_cast<std::uint8_t>(kind));
  fill(w);
  return w.take();
}
Bytes index_key(RecordKind kind, std::uint32_t index) {
  return make_key(kind, [&](Writer& w) { w.u32(index); });
}
Bytes epoch_index_key(RecordKind kind, Epoch epoch, std::uint32_t index) {
  return make_key(kind, [&](Writer& w) {
    w.u64(epoch.value);
    w.u32(index);
  });
}

const SecretTree* messages_of(const GroupState& state, Epoch epoch) {
  for (const PastEpoch& past : state.past) {
    if (past.epoch == epoch) return &past.messages;
  }
  return epoch == state.current.context.epoch ? &state.current.messages : nullptr;
}

/// Writes the record's contents; false if there is no such thing in the state.
class RecordWriter {
 public:
  RecordWriter(const GroupState& state, Writer& out) : state_(state), w_(out) {}

  bool write_record(ByteView key) {
    Reader r(key);
    switch (static_cast<RecordKind>(r.u8())) {
      case RecordKind::self:
        return self();
      case RecordKind::epoch:
        return epoch();
      case RecordKind::leaf:
        return leaf({r.u32()});
      case RecordKind::parent:
        return parent_node({r.u32()});
      case RecordKind::private_key:
        return private_key({r.u32()});
      case RecordKind::secret_node: {
        const Epoch e{r.u64()};
        return secret_node(e, {r.u32()});
      }
      case RecordKind::ratchet: {
        const Epoch e{r.u64()};
        return ratchets(e, {r.u32()});
      }
      case RecordKind::skipped: {
        const Epoch e{r.u64()};
        const LeafIndex leaf{r.u32()};
        const auto type = static_cast<RatchetType>(r.u8());
        return skipped(e, leaf, type, r.u32());
      }
      case RecordKind::proposal:
        return proposal(r.rest());
      case RecordKind::pending_update:
        return pending_update(to_bytes(r.rest()));
      case RecordKind::past_epoch:
        return past_epoch({r.u64()});
      case RecordKind::past_leaf: {
        const Epoch e{r.u64()};
        return past_leaf(e, {r.u32()});
      }
      case RecordKind::resumption:
        return resumption({r.u64()});
    }
    return false;
  }

 private:
  bool self() {
    w_.u8(kStateFormat);
    w_.u16(static_cast<std::uint16_t>(state_.suite->id));
    write_identity(w_, state_.identity);
    w_.u8(state_.removed ? 1 : 0);
    w_.optional(state_.reinit, [&](const ReInit& reinit) { write(w_, reinit); });
    return true;
  }
  bool epoch() {
    const EpochState& e = state_.current;
    w_.opaque(e.context_bytes);
    w_.u32(e.tree.leaf_count().value);
    w_.u32(state_.self().value);
    write(w_, e.secrets);
    w_.opaque(e.confirmation_tag);
    w_.opaque(e.interim_transcript_hash);
    return true;
  }
  bool leaf(LeafIndex i) {
    const LeafNode* node = state_.current.tree.leaf(i);
    if (node == nullptr) return false;
    write(w_, *node);
    return true;
  }
  bool parent_node(NodeIndex x) {
    const RatchetTree& tree = state_.current.tree;
    if (x.value >= node_count(tree.leaf_count()) || tree.is_blank(x)) return false;
    write(w_, *tree.parent_node(x));
    return true;
  }
  bool private_key(NodeIndex x) {
    const auto& keys = state_.current.keys.all();
    const auto at = keys.find(x);
    if (at == keys.end()) return false;
    w_.raw(at->second->private_key.view());
    return true;
  }
  bool secret_node(Epoch e, NodeIndex x) {
    const SecretTree* tree = messages_of(state_, e);
    if (tree == nullptr || !tree->nodes().contains(x)) return false;
    w_.raw(tree->nodes().at(x).view());
    return true;
  }
  bool ratchets(Epoch e, LeafIndex i) {
    const SecretTree* tree = messages_of(state_, e);
    bool any = false;
    for (RatchetType type : {RatchetType::handshake, RatchetType::application}) {
      const Ratchet* ratchet = tree == nullptr ? nullptr : tree->ratchet(i, type);
      w_.u8(ratchet != nullptr ? 1 : 0);
      if (ratchet == nullptr) continue;
      any = true;
      w_.u32(ratchet->generation);
      w_.raw(ratchet->secret.view());
    }
    return any;
  }
  bool skipped(Epoch e, LeafIndex i, RatchetType type, std::uint32_t generation) {
    const SecretTree* tree = messages_of(state_, e);
    const Ratchet* ratchet = tree == nullptr ? nullptr : tree->ratchet(i, type);
    if (ratchet == nullptr) return false;
    for (const MessageKey& key : ratchet->skipped) {
      if (key.generation != generation) continue;
      w_.opaque(key.key.view());
      w_.opaque(key.nonce.view());
      return true;
    }
    return false;
  }
  bool proposal(ByteView reference) {
    for (std::size_t i = 0; i < state_.proposals.size(); ++i) {
      const CachedProposal& p = state_.proposals[i];
      if (as_text(p.reference) != as_text(reference)) continue;
      w_.u32(static_cast<std::uint32_t>(i));
      write(w_, p.sender);
      w_.opaque(p.authenticated_data);
      write(w_, p.proposal);
      return true;
    }
    return false;
  }
  bool pending_update(const Bytes& public_key) {
    const auto at = state_.pending_updates.find(public_key);
    if (at == state_.pending_updates.end()) return false;
    w_.opaque(at->second.leaf_keys.private_key.view());
    write_identity(w_, at->second.identity);
    return true;
  }
  bool past_epoch(Epoch e) {
    for (const PastEpoch& past : state_.past) {
      if (past.epoch != e) continue;
      w_.u64(static_cast<std::uint64_t>(to_unix_ms(past.ended)));
      w_.opaque(past.context_bytes);
      w_.raw(past.sender_data.view());
      w_.u32(past.leaf_count.value);
      return true;
    }
    return false;
  }
  bool past_leaf(Epoch e, LeafIndex i) {
    for (const PastEpoch& past : state_.past) {
      if (past.epoch != e) continue;
      const auto at = past.changed_leaves.find(i);
      if (at == past.changed_leaves.end()) return false;
      const LeafNode* node = at->second.get();
      w_.u8(node != nullptr ? 1 : 0);
      if (node != nullptr) write(w_, *node);
      return true;
    }
    return false;
  }
  bool resumption(Epoch e) {
    const auto at = state_.resumption_psks.find(e);
    if (at == state_.resumption_psks.end()) return false;
    w_.raw(at->second.view());
    return true;
  }

  const GroupState& state_;
  Writer& w_;
};

template <class Insert>
void for_secret_tree(Epoch epoch, const SecretTree& messages, Insert insert) {
  for (const auto& [x, secret] : messages.nodes())
    insert(secret_node_key(epoch, x));
  for (const auto& [id, ratchet] : messages.ratchets()) {
    insert(ratchet_key(epoch, id.first));
    for (const MessageKey& key : ratchet.skipped)
      insert(skipped_key(epoch, id.first, id.second, key.generation));
  }
}

template <class Insert>
void for_past_epoch(const PastEpoch& past, Insert insert) {
  insert(past_epoch_key(past.epoch));
  for (const auto& [leaf, node] : past.changed_leaves)
    insert(past_leaf_key(past.epoch, leaf));
  for_secret_tree(past.epoch, past.messages, insert);
}

}  // namespace

Bytes self_key() {
  return make_key(RecordKind::self, [](Writer&) {});
}
Bytes epoch_key() {
  return make_key(RecordKind::epoch, [](Writer&) {});
}
Bytes leaf_key(LeafIndex leaf) {
  return index_key(RecordKind::leaf, leaf.value);
}
Bytes parent_key(NodeIndex x) {
  return index_key(RecordKind::parent, x.value);
}
Bytes private_key_key(NodeIndex x) {
  return index_key(RecordKind::private_key, x.value);
}
Bytes secret_node_key(Epoch epoch, NodeIndex x) {
  return epoch_index_key(RecordKind::secret_node, epoch, x.value);
}
Bytes ratchet_key(Epoch epoch, LeafIndex leaf) {
  return epoch_index_key(RecordKind::ratchet, epoch, leaf.value);
}
Bytes skipped_key(Epoch epoch, LeafIndex leaf, RatchetType type, std::uint32_t generation) {
  return make_key(RecordKind::skipped, [&](Writer& w) {
    w.u64(epoch.value);
    w.u32(leaf.value);
    w.u8(static_cast<std::uint8_t>(type));
    w.u32(generation);
  });
}
Bytes proposal_key(ByteView reference) {
  return make_key(RecordKind::proposal, [&](Writer& w) { w.raw(reference); });
}
Bytes pending_update_key(ByteView public_key) {
  return make_key(RecordKind::pending_update, [&](Writer& w) { w.raw(public_key); });
}
Bytes past_epoch_key(Epoch epoch) {
  return make_key(RecordKind::past_epoch, [&](Writer& w) { w.u64(epoch.value); });
}
Bytes past_leaf_key(Epoch epoch, LeafIndex leaf) {
  return epoch_index_key(RecordKind::past_leaf, epoch, leaf.value);
}
Bytes resumption_key(Epoch epoch) {
  return make_key(RecordKind::resumption, [&](Writer& w) { w.u64(epoch.value); });
}

void mark_ratchets(GroupState& state, Epoch epoch, SecretTree& messages) {
  const SecretTreeChanges changes = messages.take_changes();
  for (NodeIndex x : changes.nodes)
    state.dirty.insert(secret_node_key(epoch, x));
  for (const auto& [leaf, type] : changes.ratchets)
    state.dirty.insert(ratchet_key(epoch, leaf));
  for (const auto& s : changes.skipped)
    state.dirty.insert(skipped_key(epoch, s.leaf, s.type, s.generation));
}

void mark_epoch_change(GroupState& state, EpochState& old) {
  EpochState& now = state.current;
  state.dirty.insert(epoch_key());
  const std::size_t leaves = std::max(old.tree.leaves().size(), now.tree.leaves().size());
  for (LeafIndex i{0}; i.value < leaves; ++i.value) {
    if (old.tree.shared_leaf(i) != now.tree.shared_leaf(i)) state.dirty.insert(leaf_key(i));
  }
  const auto& pa = old.tree.parents();
  const auto& pb = now.tree.parents();
  for (std::uint32_t i = 0; i < std::max(pa.size(), pb.size()); ++i) {
    if ((i < pa.size() ? pa[i] : nullptr) != (i < pb.size() ? pb[i] : nullptr))
      state.dirty.insert(parent_key({2 * i + 1}));
  }
  for (const auto* keys : {&old.keys.all(), &now.keys.all()}) {
    for (const auto& [x, pair] : *keys)
      state.dirty.insert(private_key_key(x));
  }
  now.messages.take_changes();
  for_secret_tree(now.context.epoch, now.messages, [&](Bytes key) { state.dirty.insert(std::move(key)); });
}

void mark_past_epoch(GroupState& state, const PastEpoch& past) {
  for_past_epoch(past, [&](Bytes key) { state.dirty.insert(std::move(key)); });
}

StateRecord make_record(const GroupState& state, ByteView key) {
  Writer w(Writer::Content::secret);
  StateRecord out{to_bytes(key), std::nullopt};
  if (!RecordWriter(state, w).write_record(key)) return out;
  const HashValue sum = hash(key, w.view());
  w.raw(ByteView(sum).first(kChecksumSize));
  out.value = w.take_secret();
  return out;
}

std::vector<Bytes> all_record_keys(const GroupState& state) {
  std::set<Bytes> keys;
  const auto insert = [&](Bytes key) { keys.insert(std::move(key)); };
  insert(self_key());
  insert(epoch_key());
  const RatchetTree& tree = state.current.tree;
  for (NodeIndex x{0}; x.value < node_count(tree.leaf_count()); ++x.value) {
    if (!tree.is_blank(x)) insert(is_leaf(x) ? leaf_key(to_leaf(x)) : parent_key(x));
  }
  for (const auto& [x, pair] : state.current.keys.all())
    insert(private_key_key(x));
  for_secret_tree(state.current.context.epoch, state.current.messages, insert);
  for (const PastEpoch& past : state.past)
    for_past_epoch(past, insert);
  for (const CachedProposal& p : state.proposals)
    insert(proposal_key(p.reference));
  for (const auto& [public_key, update] : state.pending_updates)
    insert(pending_update_key(public_key));
  for (const auto& [epoch, secret] : state.resumption_psks)
    insert(resumption_key(epoch));
  return {keys.begin(), keys.end()};
}

}  // namespace sotto::mls
