#include "sdk/mls/src/tree/update_path.hpp"

#include <algorithm>
#include <set>

#include "base/random.hpp"
#include "sdk/mls/src/crypto/hash.hpp"

namespace sotto::mls {

namespace {

SecretBytes next_path_secret(const Suite& suite, const SecretBytes& path_secret) {
  return derive_secret(suite, path_secret.view(), "path");
}

HpkeKeyPair node_keys(const Suite& suite, const SecretBytes& path_secret) {
  return derive_hpke_key_pair(suite, derive_secret(suite, path_secret.view(), "node").view());
}

Bytes to_vector(const HashValue& h) {
  return {h.begin(), h.end()};
}

/// Blanks the direct path, gives the filtered path its new keys and parent hashes from the top down, and
/// returns the parent hash for the leaf.
Bytes set_path_keys(RatchetTree& tree, LeafIndex self, const std::vector<PathStep>& steps,
                    std::vector<Bytes> keys) {
  tree.blank_direct_path(self);
  Bytes above;
  for (std::size_t i = steps.size(); i-- > 0;) {
    auto node = std::make_shared<ParentNode>();
    node->encryption_key = std::move(keys[i]);
    node->parent_hash = std::move(above);
    above = to_vector(parent_hash(*node, tree.tree_hash(steps[i].copath)));
    tree.set_parent(steps[i].node, std::move(node));
  }
  return above;
}

std::vector<NodeIndex> resolution_without(const RatchetTree& tree, NodeIndex x,
                                          std::span<const LeafIndex> added) {
  std::vector<NodeIndex> out = tree.resolution(x);
  std::erase_if(out, [&](NodeIndex n) {
    return is_leaf(n) && std::binary_search(added.begin(), added.end(), to_leaf(n));
  });
  return out;
}

/// §12.4.2: "none of the public keys in the UpdatePath appear in any node of the new ratchet tree". `tree` is
/// the new one but for the path: the nodes that it replaces are blank.
Result<void> check_path_keys(const Suite& suite, const RatchetTree& tree, const UpdatePath& path) {
  std::set<std::string_view> keys{as_text(path.leaf_node.encryption_key)};
  for (const UpdatePathNode& node : path.nodes) {
    if (!is_hpke_public_key(suite, node.encryption_key))
      return Error{ErrorCode::key_invalid, "a public key of the path"};
    if (!keys.insert(as_text(node.encryption_key)).second)
      return Error{ErrorCode::path_key_not_unique, "a public key is twice in the path"};
  }
  const auto taken = [&](const auto& node) { return node && keys.contains(as_text(node->encryption_key)); };
  if (std::any_of(tree.leaves().begin(), tree.leaves().end(), taken) ||
      std::any_of(tree.parents().begin(), tree.parents().end(), taken))
    return Error{ErrorCode::path_key_not_unique, "a public key of the path is in the tree already"};
  return {};
}

}  // namespace

void write(Writer& w, const UpdatePath& v) {
  write(w, v.leaf_node);
  w.vector([&] {
    for (const UpdatePathNode& node : v.nodes) {
      w.opaque(node.encryption_key);
      w.vector([&] {
        for (const HpkeCiphertext& c : node.encrypted_path_secret)
          write(w, c);
      });
    }
  });
}

void read(Reader& r, UpdatePath& v) {
  read(r, v.leaf_node);
  v.nodes.clear();
  r.vector([&] {
    UpdatePathNode node;
    node.encryption_key = r.opaque();
    r.vector([&] { read(r, node.encrypted_path_secret.emplace_back()); });
    v.nodes.push_back(std::move(node));
  });
}

PrivateKeys::PrivateKeys(LeafIndex self, HpkeKeyPair leaf_keys) : self_(self) {
  set(to_node(self), std::move(leaf_keys));
}

const HpkeKeyPair* PrivateKeys::find(const RatchetTree& tree, NodeIndex x) const {
  const auto at = keys_.find(x);
  if (at == keys_.end()) return nullptr;
  const ByteView key = tree.encryption_key(x);
  return std::equal(key.begin(), key.end(), at->second->public_key.begin(), at->second->public_key.end())
             ? at->second.get()
             : nullptr;
}

void PrivateKeys::prune(const RatchetTree& tree) {
  std::erase_if(keys_, [&](const auto& entry) {
    return entry.first.value >= node_count(tree.leaf_count()) || find(tree, entry.first) == nullptr;
  });
}

bool PrivateKeys::consistent_with(const RatchetTree& tree) const {
  return keys_.contains(to_node(self_)) && std::all_of(keys_.begin(), keys_.end(), [&](const auto& entry) {
           return entry.first.value < node_count(tree.leaf_count()) && covers(entry.first, self_) &&
                  find(tree, entry.first) != nullptr;
         });
}

RenewedPath renew_path(const Suite& suite, RatchetTree& tree, PrivateKeys& keys, LeafNode leaf,
                       const SignatureKeyPair& signer, ByteView group_id, Random& random) {
  const LeafIndex self = keys.self();
  RenewedPath path;
  path.steps = tree.filtered_direct_path(self);
  SecretBytes secret = SecretBytes::random(random, kHashSize);
  std::vector<Bytes> public_keys;
  for (const PathStep& step : path.steps) {
    HpkeKeyPair pair = node_keys(suite, secret);
    public_keys.push_back(pair.public_key);
    keys.set(step.node, std::move(pair));
    SecretBytes next = next_path_secret(suite, secret);
    path.path_secrets.push_back(std::move(secret));
    secret = std::move(next);
  }
  // Alone in the group there is no step; the fresh secret then takes the place of a last path secret.
  path.commit_secret = path.steps.empty() ? next_path_secret(suite, secret) : std::move(secret);

  HpkeKeyPair leaf_keys = generate_hpke_key_pair(suite, random);
  leaf.encryption_key = leaf_keys.public_key;
  leaf.source = LeafNodeSource::commit;
  leaf.lifetime = {};
  leaf.parent_hash = set_path_keys(tree, self, path.steps, std::move(public_keys));
  sign_leaf(leaf, signer, {group_id, self});
  tree.set_leaf(self, std::make_shared<const LeafNode>(std::move(leaf)));
  keys.set(to_node(self), std::move(leaf_keys));
  return path;
}

Result<UpdatePath> seal_path(const Suite& suite, const RatchetTree& tree, const RenewedPath& path,
                             LeafIndex self, std::span<const LeafIndex> added, const HpkeInfo& info,
                             Random& random) {
  UpdatePath out;
  out.leaf_node = *tree.leaf(self);
  for (std::size_t i = 0; i < path.steps.size(); ++i) {
    UpdatePathNode node;
    node.encryption_key = to_bytes(tree.encryption_key(path.steps[i].node));
    for (NodeIndex x : resolution_without(tree, path.steps[i].copath, added)) {
      auto sealed = hpke_seal(suite, tree.encryption_key(x), info, path.path_secrets[i].view(), random);
      if (!sealed) return sealed.error();
      node.encrypted_path_secret.push_back(std::move(*sealed));
    }
    out.nodes.push_back(std::move(node));
  }
  return out;
}

Result<void> merge_path(const Suite& suite, RatchetTree& tree, LeafIndex sender, const UpdatePath& path,
                        std::span<const LeafIndex> added) {
  const std::vector<PathStep> steps = tree.filtered_direct_path(sender);
  if (path.nodes.size() != steps.size())
    return Error{
        ErrorCode::path_length_invalid,
        std::to_string(path.nodes.size()) + " nodes in the path, not " + std::to_string(steps.size())};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (path.nodes[i].encrypted_path_secret.size() != resolution_without(tree, steps[i].copath, added).size())
      return Error{ErrorCode::path_ciphertext_count_invalid, "node " + std::to_string(i) + " of the path"};
  }
  tree.remove_leaf(sender);
  if (auto ok = check_path_keys(suite, tree, path); !ok) return ok;
  std::vector<Bytes> keys;
  for (const UpdatePathNode& node : path.nodes)
    keys.push_back(node.encryption_key);
  const Bytes expected = set_path_keys(tree, sender, steps, std::move(keys));
  if (path.leaf_node.parent_hash != expected)
    return Error{ErrorCode::path_parent_hash_invalid, "the parent hash of the path's leaf"};
  tree.set_leaf(sender, std::make_shared<const LeafNode>(path.leaf_node));
  return {};
}

Result<SecretBytes> set_keys_upward(const Suite& suite, const RatchetTree& tree, PrivateKeys& keys,
                                    LeafIndex sender, NodeIndex from, SecretBytes path_secret) {
  if (path_secret.size() != kHashSize)
    return Error{ErrorCode::path_secret_invalid, "length of a path secret"};
  bool reached = false;
  for (const PathStep& step : tree.filtered_direct_path(sender)) {
    reached = reached || step.node == from;
    if (!reached) continue;
    HpkeKeyPair pair = node_keys(suite, path_secret);
    const ByteView expected = tree.encryption_key(step.node);
    if (!std::equal(expected.begin(), expected.end(), pair.public_key.begin(), pair.public_key.end()))
      return Error{ErrorCode::path_key_mismatch, "node " + std::to_string(step.node.value)};
    keys.set(step.node, std::move(pair));
    path_secret = next_path_secret(suite, path_secret);
  }
  if (!reached)
    return Error{ErrorCode::path_secret_invalid, "a path secret for a node that is not on the path"};
  return path_secret;
}

Result<SecretBytes> open_path(const Suite& suite, const RatchetTree& tree, PrivateKeys& keys,
                              LeafIndex sender, const UpdatePath& path, std::span<const LeafIndex> added,
                              const HpkeInfo& info) {
  const std::vector<PathStep> steps = tree.filtered_direct_path(sender);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!covers(steps[i].copath, keys.self())) continue;
    const std::vector<NodeIndex> resolution = resolution_without(tree, steps[i].copath, added);
    for (std::size_t j = 0; j < resolution.size() && j < path.nodes[i].encrypted_path_secret.size(); ++j) {
      const HpkeKeyPair* pair = keys.find(tree, resolution[j]);
      if (pair == nullptr) continue;
      auto secret = hpke_open(suite, *pair, info, path.nodes[i].encrypted_path_secret[j]);
      if (!secret) return secret.error();
      return set_keys_upward(suite, tree, keys, sender, steps[i].node, std::move(*secret));
    }
    break;
  }
  return Error{ErrorCode::no_decryption_key, "no path secret is for us"};
}

}  // namespace sotto::mls
