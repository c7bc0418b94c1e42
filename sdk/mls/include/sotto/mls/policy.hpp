// What the library asks the application: is this credential good, is this client that one, where is that PSK.
//
//   class MyPolicy : public Policy {
//     std::optional<std::string> check_credential(const CredentialCheck& c) const override { ... }
//   };
//   MyPolicy policy;
//   Environment env{system_random(), wall_clock_now, policy};
#pragma once

#include <optional>
#include <functional>
#include <memory>
#include <string>
#include <span>

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

struct CredentialCheck {
  CredentialEvent event{};
  ByteView group_id;                   ///< empty for key_package
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

  /// Whether two leaves are one client, for Adds (§12.2). By default: equal signature keys.
  [[nodiscard]] virtual bool same_client(const LeafNode& a, const LeafNode& b) const;

  /// Whether two leaves present one identity, for reinitialised and branched groups (§11.2, §11.3). By
  /// default: equal credentials.
  [[nodiscard]] virtual bool same_identity(const LeafNode& a, const LeafNode& b) const;

  /// Permission for a proposal: at its receipt, and again within each commit. By default everything is
  /// allowed but an Add that a stranger proposes for itself (§12.1.8).
  [[nodiscard]] virtual bool allow_proposal(const Sender& sender, const Proposal& proposal) const;

  /// Whether a group of this id is among ours (§12.4.3), but for one that we join again from outside.
  [[nodiscard]] virtual bool knows_group(ByteView group_id) const;

  /// Whether a proposal type that the library does not know makes a path necessary (§12.4).
  [[nodiscard]] virtual bool path_required(ProposalType type) const;
};

/// Accepts every credential. For tests, and for applications that authenticate members elsewhere.
class AcceptEveryCredential final : public Policy {
 public:
  [[nodiscard]] std::optional<std::string> check_credential(const CredentialCheck&) const override {
    return std::nullopt;
  }
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
  /// The longest whole lifetime; 0: any. One year and a bit: enough for a last-resort package, short enough
  /// to end.
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
