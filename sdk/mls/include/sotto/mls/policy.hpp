// What the library asks the application: is this credential good, is this client that one, where is that PSK.
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

/// Where a credential was met (§5.3.1).
enum class CredentialEvent : std::uint8_t {
  key_package,      ///< `validate_key_package`, before it is used
  add,              ///< an Add, received or about to be sent
  update,           ///< an Update: old and new leaf
  commit,           ///< the path of a commit: old and new leaf
  external_join,    ///< the path of an external commit; old leaf if it removes one
  join,             ///< a leaf of the tree of a group that we are joining
  external_sender,  ///< an entry of external_senders
};

/// The leaves of a group, each at its place, null where blank.
using GroupMembers = std::span<const std::shared_ptr<const LeafNode>>;

struct CredentialCheck {
  CredentialEvent event{};
  ByteView group_id;  ///< empty for key_package
  /// Who is in the group before anything is added, updated or removed; the whole group for join. Empty for
  /// key_package, external_sender and the first leaf of a group.
  GroupMembers members;
  const LeafNode* old_leaf = nullptr;  ///< what is replaced, if something is
  const LeafNode* new_leaf = nullptr;  ///< null for external_sender
  const ExternalSender* external_sender = nullptr;
  Timestamp now{};
};

/// The application's side of validation. Functions are const and may be called many times for one message.
class Policy {
 public:
  virtual ~Policy() = default;

  /// Nothing, or why the credential is not acceptable: not issued by whom it should be, or not the same
  /// identity as the leaf it replaces.
  [[nodiscard]] virtual std::optional<std::string> check_credential(const CredentialCheck& check) const = 0;

  /// The client whose leaf this is: two leaves are one client if these bytes are equal, and a client is added
  /// once (§12.2). By default the signature key.
  [[nodiscard]] virtual Bytes client_of(const LeafNode& leaf) const;

  /// The identity that the leaf presents, for reinitialised and branched groups (§11.2, §11.3): two leaves
  /// present one identity if these bytes are equal. By default the encoded credential.
  [[nodiscard]] virtual Bytes identity_of(const LeafNode& leaf) const;

  /// Permission for a proposal: at its receipt, and again within each commit. By default everything is
  /// allowed but an Add that a stranger proposes for itself (§12.1.8).
  [[nodiscard]] virtual bool allow_proposal(const Sender& sender, const Proposal& proposal) const;

  /// Whether a group of this id is among ours (§12.4.3), but for one that we join again from outside.
  [[nodiscard]] virtual bool knows_group(ByteView group_id) const = 0;

  /// Whether a proposal type that the library does not know makes a path necessary (§12.4).
  [[nodiscard]] virtual bool path_required(ProposalType type) const;
};

/// Accepts every credential, and takes every group that it is asked about for a new one. For tests.
class AcceptEveryCredential : public Policy {
 public:
  [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck&) const override {
    return std::nullopt;
  }
  [[nodiscard]] bool knows_group(ByteView) const override { return false; }
};

/// Where pre-shared keys come from (§8.4). The group knows its own past resumption PSKs and asks for others
/// only.
class PskSource {
 public:
  virtual ~PskSource() = default;
  [[nodiscard]] virtual std::optional<SecretBytes> external_psk(ByteView psk_id) const = 0;
  [[nodiscard]] virtual std::optional<SecretBytes> resumption_psk(ByteView group_id, Epoch epoch) const;
};

/// When lifetimes are looked at (§7.3) and how long one may be (§7.2).
struct LifetimeRules {
  bool check_received = true;  ///< of key packages, Adds and so on that others made
  bool check_joining = false;  ///< of leaves of a group that we join: they may have got old honestly
  /// The longest whole lifetime, 0: any; of every leaf of a group that we join, too (§7.2). For a group with
  /// longer ones, join with an Environment of its own. One year and a bit: enough for a last-resort package,
  /// short enough to end.
  std::uint64_t max_seconds = 400ull * 24 * 3600;
};

/// What every operation is given from outside; the library reads no clock and no random device. May be kept
/// for as long as what it refers to.
struct Environment {
  Random& random;
  std::function<Timestamp()> now;  ///< e.g. wall_clock_now
  const Policy& policy;
  const PskSource* psks = nullptr;
  LifetimeRules lifetimes{};
};

}  // namespace sotto::mls
