// The message keys of one epoch (RFC 9420 §9): a tree of secrets that is unfolded as senders speak, and two
// ratchets for each of them.
//
// Receiving is in two steps, so that a forged or damaged message changes nothing:
//   auto key = tree.key_for(leaf, type, generation, limits);   // looks ahead, changes nothing
//   if (opens(key)) tree.consume(std::move(*key));             // used: it and all it came from go (§9.2)
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sdk/mls/src/crypto/suite.hpp"
#include "sdk/mls/src/tree/tree_math.hpp"
#include "sotto/mls/error.hpp"

namespace sotto::mls {

enum class RatchetType : std::uint8_t { handshake = 0, application = 1 };

struct MessageKey {
  std::uint32_t generation = 0;
  SecretBytes key;
  SecretBytes nonce;

  [[nodiscard]] MessageKey clone() const { return {generation, key.clone(), nonce.clone()}; }
};

struct RatchetLimits {
  std::uint32_t max_forward = 1000;
  std::uint32_t max_skipped = 1000;
};

/// A sender's ratchet of one type.
struct Ratchet {
  SecretBytes secret;
  std::uint32_t generation = 0;    ///< that `secret` belongs to: the next one
  std::deque<MessageKey> skipped;  ///< keys of earlier generations whose messages have not come; rising

  [[nodiscard]] Ratchet clone() const;
};

/// The way from a secret of the tree down to a sender's two ratchets.
struct Unfolding {
  std::vector<NodeIndex> used;                          ///< their secrets go
  std::vector<std::pair<NodeIndex, SecretBytes>> kept;  ///< their siblings' stay for other senders
  SecretBytes handshake;
  SecretBytes application;
};

/// What `consume` will do, worked out in advance.
struct PreparedKey {
  LeafIndex leaf;
  std::optional<Unfolding> unfolding;  ///< the sender's first message
  RatchetType type{};
  MessageKey key;
  bool was_skipped = false;
  // The ratchet after a message that was not skipped: where it stands, and what it passed over.
  SecretBytes next_secret;
  std::uint32_t next_generation = 0;
  std::vector<MessageKey> passed;
};

/// Parts that changed since the last look, for saving (state_records.hpp).
struct SecretTreeChanges {
  std::vector<NodeIndex> nodes;
  std::vector<std::pair<LeafIndex, RatchetType>> ratchets;
  struct Skipped {
    LeafIndex leaf;
    RatchetType type{};
    std::uint32_t generation = 0;
  };
  std::vector<Skipped> skipped;
};

class SecretTree {
 public:
  SecretTree() = default;
  SecretTree(const Suite& suite, LeafCount leaves, SecretBytes encryption_secret);
  [[nodiscard]] SecretTree clone() const;

  /// For our own next message: the key is used up at once.
  Result<MessageKey> next(LeafIndex leaf, RatchetType type);
  [[nodiscard]] Result<PreparedKey> key_for(LeafIndex leaf, RatchetType type, std::uint32_t generation,
                                            const RatchetLimits& limits) const;
  void consume(PreparedKey prepared, const RatchetLimits& limits);
  /// Handshake messages of a past epoch are of no use to anybody: their ratchets go (§9.2).
  void drop_handshake_ratchets();

  /// Nothing is left that could open a message, or nothing was ever there.
  [[nodiscard]] bool empty() const { return nodes_.empty() && ratchets_.empty(); }
  SecretTreeChanges take_changes() { return std::exchange(changes_, {}); }

  // Saving and loading
  [[nodiscard]] const std::map<NodeIndex, SecretBytes>& nodes() const { return nodes_; }
  [[nodiscard]] const Ratchet* ratchet(LeafIndex leaf, RatchetType type) const;
  [[nodiscard]] const std::map<std::pair<LeafIndex, RatchetType>, Ratchet>& ratchets() const {
    return ratchets_;
  }
  static SecretTree from_parts(const Suite& suite, LeafCount leaves, std::map<NodeIndex, SecretBytes> nodes,
                               std::map<std::pair<LeafIndex, RatchetType>, Ratchet> ratchets);

 private:
  /// Nothing if the sender's secret is gone or there is no such leaf.
  [[nodiscard]] std::optional<Unfolding> unfold(LeafIndex leaf) const;
  void apply(LeafIndex leaf, Unfolding unfolding);
  [[nodiscard]] MessageKey derive_key(const SecretBytes& secret, std::uint32_t generation) const;
  [[nodiscard]] SecretBytes advance(const SecretBytes& secret, std::uint32_t generation) const;

  const Suite* suite_ = nullptr;
  LeafCount leaves_;
  std::map<NodeIndex, SecretBytes> nodes_;  // secrets not yet unfolded
  std::map<std::pair<LeafIndex, RatchetType>, Ratchet> ratchets_;
  bool application_only_ = false;
  SecretTreeChanges changes_;
};

}  // namespace sotto::mls
