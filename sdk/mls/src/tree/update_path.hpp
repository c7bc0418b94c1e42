// The path of a commit: fresh keys from a leaf to the root (RFC 9420 §7.4 to §7.6).
//
// Sender: `renew_path` changes the tree, then, with the GroupContext that follows from it, `seal_path`.
// Receiver: `merge_path`, then `open_path`.
#pragma once

#include <map>
#include <memory>

#include "sdk/mls/src/crypto/hpke.hpp"
#include "sdk/mls/src/tree/ratchet_tree.hpp"
#include "sotto/mls/identity.hpp"

namespace sotto::mls {

struct UpdatePathNode {
  Bytes encryption_key;
  std::vector<HpkeCiphertext> encrypted_path_secret;
  friend bool operator==(const UpdatePathNode&, const UpdatePathNode&) = default;
};
struct UpdatePath {
  LeafNode leaf_node;
  std::vector<UpdatePathNode> nodes;
  friend bool operator==(const UpdatePath&, const UpdatePath&) = default;
};
void write(Writer& w, const UpdatePath& v);
void read(Reader& r, UpdatePath& v);

/// The private keys a member holds: its leaf's and those of nodes above it. Copies share the keys.
class PrivateKeys {
 public:
  PrivateKeys() = default;
  PrivateKeys(LeafIndex self, HpkeKeyPair leaf_keys);

  [[nodiscard]] LeafIndex self() const { return self_; }
  void set(NodeIndex x, HpkeKeyPair keys) { keys_[x] = std::make_shared<const HpkeKeyPair>(std::move(keys)); }
  /// The key that opens what was sealed to the node as the tree has it now; null if we have none.
  [[nodiscard]] const HpkeKeyPair* find(const RatchetTree& tree, NodeIndex x) const;
  /// Drops what the tree has replaced or blanked (§7.5: outdated keys are deleted).
  void prune(const RatchetTree& tree);
  void forget() { keys_.clear(); }
  /// Every key belongs to its node, and our leaf's is there.
  [[nodiscard]] bool consistent_with(const RatchetTree& tree) const;
  [[nodiscard]] const std::map<NodeIndex, std::shared_ptr<const HpkeKeyPair>>& all() const { return keys_; }

 private:
  LeafIndex self_;
  std::map<NodeIndex, std::shared_ptr<const HpkeKeyPair>> keys_;
};

struct RenewedPath {
  std::vector<PathStep> steps;
  std::vector<SecretBytes> path_secrets;  ///< one a step
  SecretBytes commit_secret;
};
/// Replaces the keys from `self` to the root and puts the new, signed leaf into the tree. `leaf` brings
/// credential, capabilities and extensions; its encryption key, source, parent hash and signature are made
/// here.
RenewedPath renew_path(const Suite& suite, RatchetTree& tree, PrivateKeys& keys, LeafNode leaf,
                       const SignatureKeyPair& signer, ByteView group_id, Random& random);
/// `added`: leaves of this commit's Adds (rising), who get their secret in the Welcome.
Result<UpdatePath> seal_path(const Suite& suite, const RatchetTree& tree, const RenewedPath& path,
                             LeafIndex self, std::span<const LeafIndex> added, const HpkeInfo& info,
                             Random& random);

/// Checks the path's shape, its keys and its parent hash, and puts it into the tree.
Result<void> merge_path(const Suite& suite, RatchetTree& tree, LeafIndex sender, const UpdatePath& path,
                        std::span<const LeafIndex> added);
/// Finds our path secret in a merged path, sets the private keys that follow from it, and gives the
/// commit_secret.
Result<SecretBytes> open_path(const Suite& suite, const RatchetTree& tree, PrivateKeys& keys,
                              LeafIndex sender, const UpdatePath& path, std::span<const LeafIndex> added,
                              const HpkeInfo& info);

/// Sets the private keys of the nodes from `from` (on the filtered path of `sender`) to the root, checking
/// each against the tree; gives the commit_secret. Joining uses it too (§12.4.3.1).
Result<SecretBytes> set_keys_upward(const Suite& suite, const RatchetTree& tree, PrivateKeys& keys,
                                    LeafIndex sender, NodeIndex from, SecretBytes path_secret);

}  // namespace sotto::mls
