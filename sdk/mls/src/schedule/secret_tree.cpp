#include "sdk/mls/src/schedule/secret_tree.hpp"

#include <algorithm>

#include "sdk/mls/src/crypto/hash.hpp"

namespace sotto::mls {

namespace {
Error gone(std::uint32_t generation) {
  return {ErrorCode::generation_unavailable,
          "the key of generation " + std::to_string(generation) + " is gone"};
}
}  // namespace

Ratchet Ratchet::clone() const {
  Ratchet out{secret.clone(), generation, {}};
  for (const MessageKey& key : skipped)
    out.skipped.push_back(key.clone());
  return out;
}

SecretTree::SecretTree(const Suite& suite, LeafCount leaves, SecretBytes encryption_secret)
    : suite_(&suite), leaves_(leaves) {
  nodes_.emplace(root(leaves), std::move(encryption_secret));
}

SecretTree SecretTree::clone() const {
  SecretTree out;
  out.suite_ = suite_;
  out.leaves_ = leaves_;
  for (const auto& [x, secret] : nodes_)
    out.nodes_.emplace(x, secret.clone());
  for (const auto& [id, ratchet] : ratchets_)
    out.ratchets_.emplace(id, ratchet.clone());
  out.application_only_ = application_only_;
  out.changes_ = changes_;
  return out;
}

std::optional<Unfolding> SecretTree::unfold(LeafIndex leaf) const {
  if (leaf.value >= leaves_.value) return std::nullopt;
  NodeIndex x = to_node(leaf);
  while (!nodes_.contains(x)) {
    if (x == root(leaves_)) return std::nullopt;
    x = parent(x);
  }
  Unfolding out;
  SecretBytes secret = nodes_.at(x).clone();
  const auto expand = [&](std::string_view label, std::string_view context) {
    return expand_with_label(*suite_, secret.view(), label, as_bytes(context), kHashSize);
  };
  while (!is_leaf(x)) {
    out.used.push_back(x);
    SecretBytes left_secret = expand("tree", "left");
    SecretBytes right_secret = expand("tree", "right");
    const bool go_left = covers(left(x), leaf);
    secret = std::move(go_left ? left_secret : right_secret);
    out.kept.emplace_back(go_left ? right(x) : left(x), std::move(go_left ? right_secret : left_secret));
    x = go_left ? left(x) : right(x);
  }
  out.used.push_back(x);
  out.handshake = expand("handshake", {});
  out.application = expand("application", {});
  return out;
}

void SecretTree::apply(LeafIndex leaf, Unfolding unfolding) {
  for (NodeIndex x : unfolding.used) {
    if (nodes_.erase(x) != 0) changes_.nodes.push_back(x);
  }
  for (auto& [x, secret] : unfolding.kept) {
    nodes_.insert_or_assign(x, std::move(secret));
    changes_.nodes.push_back(x);
  }
  const auto start = [&](RatchetType type, SecretBytes secret) {
    ratchets_.insert_or_assign(std::pair{leaf, type}, Ratchet{std::move(secret), 0, {}});
    changes_.ratchets.emplace_back(leaf, type);
  };
  if (!application_only_) start(RatchetType::handshake, std::move(unfolding.handshake));
  start(RatchetType::application, std::move(unfolding.application));
}

MessageKey SecretTree::derive_key(const SecretBytes& secret, std::uint32_t generation) const {
  return {generation, derive_tree_secret(*suite_, secret.view(), "key", generation, suite_->aead->key_size),
          derive_tree_secret(*suite_, secret.view(), "nonce", generation, suite_->aead->nonce_size)};
}

SecretBytes SecretTree::advance(const SecretBytes& secret, std::uint32_t generation) const {
  return derive_tree_secret(*suite_, secret.view(), "secret", generation, kHashSize);
}

Result<MessageKey> SecretTree::next(LeafIndex leaf, RatchetType type) {
  if (!ratchets_.contains({leaf, type})) {
    auto unfolding = unfold(leaf);
    if (!unfolding || (application_only_ && type == RatchetType::handshake)) return gone(0);
    apply(leaf, std::move(*unfolding));
  }
  Ratchet& ratchet = ratchets_.at({leaf, type});
  // The last number is left alone: a ratchet that has come there is at its end.
  if (ratchet.generation == ~std::uint32_t{0}) return gone(ratchet.generation);
  MessageKey key = derive_key(ratchet.secret, ratchet.generation);
  ratchet.secret = advance(ratchet.secret, ratchet.generation);
  ++ratchet.generation;
  changes_.ratchets.emplace_back(leaf, type);
  return key;
}

Result<PreparedKey> SecretTree::key_for(LeafIndex leaf, RatchetType type, std::uint32_t generation,
                                        const RatchetLimits& limits) const {
  PreparedKey out;
  out.leaf = leaf;
  out.type = type;
  Ratchet first;
  const Ratchet* ratchet = this->ratchet(leaf, type);
  if (ratchet == nullptr) {
    out.unfolding = unfold(leaf);
    if (!out.unfolding || (application_only_ && type == RatchetType::handshake)) return gone(generation);
    first.secret =
        (type == RatchetType::handshake ? out.unfolding->handshake : out.unfolding->application).clone();
    ratchet = &first;
  }
  if (generation < ratchet->generation) {
    const auto at = std::find_if(ratchet->skipped.begin(), ratchet->skipped.end(),
                                 [&](const MessageKey& k) { return k.generation == generation; });
    if (at == ratchet->skipped.end()) return gone(generation);
    out.key = at->clone();
    out.was_skipped = true;
    return out;
  }
  if (generation - ratchet->generation > limits.max_forward || generation == ~std::uint32_t{0})
    return Error{ErrorCode::generation_too_far, "generation " + std::to_string(generation) +
                                                    " is too far ahead of " +
                                                    std::to_string(ratchet->generation)};
  SecretBytes secret = ratchet->secret.clone();
  for (std::uint32_t g = ratchet->generation; g < generation; ++g) {
    if (generation - g <= limits.max_skipped) out.passed.push_back(derive_key(secret, g));
    secret = advance(secret, g);
  }
  out.key = derive_key(secret, generation);
  out.next_secret = advance(secret, generation);
  out.next_generation = generation + 1;
  return out;
}

void SecretTree::consume(PreparedKey prepared, const RatchetLimits& limits) {
  if (prepared.unfolding) apply(prepared.leaf, std::move(*prepared.unfolding));
  const auto at = ratchets_.find({prepared.leaf, prepared.type});
  if (at == ratchets_.end()) return;
  Ratchet& ratchet = at->second;
  const auto note = [&](std::uint32_t generation) {
    changes_.skipped.push_back({prepared.leaf, prepared.type, generation});
  };
  if (prepared.was_skipped) {
    std::erase_if(ratchet.skipped,
                  [&](const MessageKey& k) { return k.generation == prepared.key.generation; });
    note(prepared.key.generation);
    return;
  }
  ratchet.secret = std::move(prepared.next_secret);
  ratchet.generation = prepared.next_generation;
  changes_.ratchets.emplace_back(prepared.leaf, prepared.type);
  for (MessageKey& key : prepared.passed) {
    note(key.generation);
    ratchet.skipped.push_back(std::move(key));
  }
  while (ratchet.skipped.size() > limits.max_skipped) {
    note(ratchet.skipped.front().generation);
    ratchet.skipped.pop_front();
  }
}

void SecretTree::drop_handshake_ratchets() {
  application_only_ = true;
  std::erase_if(ratchets_, [&](const auto& entry) {
    if (entry.first.second != RatchetType::handshake) return false;
    changes_.ratchets.push_back(entry.first);
    for (const MessageKey& key : entry.second.skipped)
      changes_.skipped.push_back({entry.first.first, entry.first.second, key.generation});
    return true;
  });
}

const Ratchet* SecretTree::ratchet(LeafIndex leaf, RatchetType type) const {
  const auto at = ratchets_.find({leaf, type});
  return at == ratchets_.end() ? nullptr : &at->second;
}

SecretTree SecretTree::from_parts(const Suite& suite, LeafCount leaves,
                                  std::map<NodeIndex, SecretBytes> nodes,
                                  std::map<std::pair<LeafIndex, RatchetType>, Ratchet> ratchets) {
  SecretTree out;
  out.suite_ = &suite;
  out.leaves_ = leaves;
  out.nodes_ = std::move(nodes);
  out.ratchets_ = std::move(ratchets);
  return out;
}

}  // namespace sotto::mls
