// The decisions that the library leaves to the application: which credentials are acceptable, which leaves
// belong to one client, and where PSKs come from.
//
//   class MyPolicy : public Policy {
//     std::optional<std::string> check_credential(const CredentialCheck& c) const override { ... }
//     bool knows_group(ByteView group_id) const override { ... }
//   };
//   MyPolicy policy;
//   Environment env{system_random(), wall_clock_now, policy};
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "sotto/mls/leaf_node.hpp"
#include "sotto/mls/types.hpp"

namespace sotto {
class Random;
}

namespace sotto::mls {

struct Proposal;

/// Where a credential occurred (§5.3.1).
enum class CredentialEvent : std::uint8_t {
  key_package,      ///< `validate_key_package`, before it is used
  add,              ///< an Add, received or about to be sent
  update,           ///< an Update: old and new leaf
  commit,           ///< the path of a commit: old and new leaf
  external_join,    ///< the path of an external commit; old leaf if it removes one
  join,             ///< a leaf of the tree of a group that we are joining
  external_sender,  ///< an entry of external_senders
};

/// The leaves of a group by index, null where blank.
using GroupMembers = std::span<const std::shared_ptr<const LeafNode>>;

struct CredentialCheck {
  CredentialEvent event{};
  ByteView group_id;  ///< empty for key_package
  /// The members before anything is added, updated or removed; for join, all of them. Empty for key_package,
  /// external_sender and the first leaf of a group.
  GroupMembers members;
  const LeafNode* old_leaf = nullptr;  ///< the leaf that is replaced, if any
  const LeafNode* new_leaf = nullptr;  ///< null for external_sender
  const ExternalSender* external_sender = nullptr;
  Timestamp now{};
};

/// The application's side of validation. Functions are const and may be called many times for one message.
class Policy {
 public:
  virtual ~Policy() = default;

  /// Why the credential is not acceptable, or nothing if it is. Reasons are a wrong issuer, or an identity
  /// other than that of the leaf it replaces.
  [[nodiscard]] virtual std::optional<std::string> check_credential(const CredentialCheck& check) const = 0;

  /// Names the client of a leaf. Leaves with equal bytes belong to one client, which can be in a group only
  /// once (§12.2). Default: the signature key.
  [[nodiscard]] virtual Bytes client_of(const LeafNode& leaf) const;

  /// Names the identity that a leaf presents, for reinitialised and branched groups (§11.2, §11.3). Leaves
  /// with equal bytes present one identity. Default: the encoded credential.
  [[nodiscard]] virtual Bytes identity_of(const LeafNode& leaf) const;

  /// Whether a proposal is allowed. Asked when it is received, and again for each commit that contains it.
  /// Default: everything, except an Add that a non-member proposes for itself (§12.1.8).
  [[nodiscard]] virtual bool allow_proposal(const Sender& sender, const Proposal& proposal) const;

  /// Whether we are in a group with this id (§12.4.3). Not asked for a group that we rejoin by an external
  /// commit.
  [[nodiscard]] virtual bool knows_group(ByteView group_id) const = 0;

  /// Whether a proposal of a type that the library does not know requires a path (§12.4).
  [[nodiscard]] virtual bool path_required(ProposalType type) const;
};

/// Accepts every credential and knows no group. For tests.
class AcceptEveryCredential : public Policy {
 public:
  [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck&) const override {
    return std::nullopt;
  }
  [[nodiscard]] bool knows_group(ByteView) const override { return false; }
};

/// Provides pre-shared keys (§8.4); nothing for an unknown one. A group knows its own past resumption PSKs
/// and asks only for others.
class PskSource {
 public:
  virtual ~PskSource() = default;
  [[nodiscard]] virtual std::optional<SecretBytes> external_psk(ByteView psk_id) const = 0;
  [[nodiscard]] virtual std::optional<SecretBytes> resumption_psk(ByteView group_id, Epoch epoch) const;
};

/// When lifetimes are checked (§7.3) and how long one may be (§7.2).
struct LifetimeRules {
  bool check_received = true;  ///< those in key packages, Adds and so on that others made
  bool check_joining = false;  ///< those of the leaves of a group that we join, which may have expired since
  /// The longest total lifetime in seconds; 0: any. Applies to every leaf of a group that we join, too
  /// (§7.2); to join a group with longer ones, pass another Environment. The default of 400 days is enough
  /// for a last-resort package.
  std::uint64_t max_seconds = 400ull * 24 * 3600;
};

/// What every operation takes from outside: the library reads no clock and no random device. It must not
/// outlive what it refers to.
struct Environment {
  Random& random;
  std::function<Timestamp()> now;  ///< e.g. wall_clock_now
  const Policy& policy;
  const PskSource* psks = nullptr;
  LifetimeRules lifetimes{};
};

}  // namespace sotto::mls
