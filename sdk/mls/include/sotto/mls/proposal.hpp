// Proposals (RFC 9420 §12.1): the changes that a commit can make.
//
//   CommitOptions options;
//   options.proposals = {Proposal::add(their_package), Proposal::remove(LeafIndex{3})};
#pragma once

#include <memory>
#include <type_traits>
#include <variant>

#include "sotto/mls/key_package.hpp"

namespace sotto::mls {

struct Add {
  KeyPackage key_package;
  friend bool operator==(const Add&, const Add&) = default;
};
struct Update {
  LeafNode leaf_node;
  friend bool operator==(const Update&, const Update&) = default;
};
struct Remove {
  LeafIndex removed;
  friend bool operator==(const Remove&, const Remove&) = default;
};

enum class PskType : std::uint8_t { external = 1, resumption = 2 };
enum class ResumptionUsage : std::uint8_t { application = 1, reinit = 2, branch = 3 };

/// PreSharedKeyID (§8.4).
struct PskId {
  PskType type = PskType::external;
  Bytes external_id;                                     ///< external
  ResumptionUsage usage = ResumptionUsage::application;  ///< resumption
  Bytes group_id;                                        ///< resumption
  Epoch epoch;                                           ///< resumption
  Bytes nonce;                                           ///< fresh, Nh bytes

  static PskId external(ByteView psk_id, Random& random);
  /// The resumption PSK of an epoch of this group or another; usage `application`.
  static PskId resumption(ByteView group_id, Epoch epoch, Random& random);

  friend auto operator<=>(const PskId&, const PskId&) = default;
};

struct PreSharedKey {
  PskId psk;
  friend bool operator==(const PreSharedKey&, const PreSharedKey&) = default;
};
struct ReInit {
  Bytes group_id;
  ProtocolVersion version = ProtocolVersion::mls10;
  CipherSuite cipher_suite = kDefaultSuite;
  Extensions extensions;
  friend bool operator==(const ReInit&, const ReInit&) = default;
};
struct ExternalInit {
  Bytes kem_output;
  friend bool operator==(const ExternalInit&, const ExternalInit&) = default;
};
struct GroupContextExtensions {
  Extensions extensions;
  friend bool operator==(const GroupContextExtensions&, const GroupContextExtensions&) = default;
};
/// A type that this library does not know. MLS gives proposals no length, so the body is read as one
/// opaque<V>. An application has to encode its own types that way.
struct CustomProposal {
  ProposalType type{};
  Bytes data;
  friend bool operator==(const CustomProposal&, const CustomProposal&) = default;
};

/// A large alternative of a variant, kept outside of it so that the small ones stay small: a message may list
/// very many. Copies share the value.
template <class T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(T value) : value_(std::make_shared<const T>(std::move(value))) {}
  /// Null if default-constructed.
  [[nodiscard]] const T* get() const { return value_.get(); }
  friend bool operator==(const Boxed& a, const Boxed& b) {
    return a.value_ == b.value_ || (a.value_ && b.value_ && *a.value_ == *b.value_);
  }

 private:
  std::shared_ptr<const T> value_;
};

struct Proposal {
  template <class T>
  using Kept = std::conditional_t<(sizeof(T) > sizeof(CustomProposal)), Boxed<T>, T>;
  using Content = std::variant<Kept<Add>, Kept<Update>, Kept<Remove>, Kept<PreSharedKey>, Kept<ReInit>,
                               Kept<ExternalInit>, Kept<GroupContextExtensions>, CustomProposal>;
  Content content = CustomProposal{};

  [[nodiscard]] ProposalType type() const;
  template <class T>
  [[nodiscard]] const T* as() const {
    const auto* kept = std::get_if<Kept<T>>(&content);
    if constexpr (std::is_same_v<Kept<T>, T>) {
      return kept;
    } else {
      return kept != nullptr ? kept->get() : nullptr;
    }
  }

  static Proposal add(KeyPackage package) { return {Add{std::move(package)}}; }
  static Proposal remove(LeafIndex leaf) { return {Remove{leaf}}; }
  static Proposal external_psk(ByteView psk_id, Random& random) {
    return {PreSharedKey{PskId::external(psk_id, random)}};
  }
  static Proposal resumption_psk(ByteView group_id, Epoch epoch, Random& random) {
    return {PreSharedKey{PskId::resumption(group_id, epoch, random)}};
  }
  static Proposal reinit(ReInit parameters) { return {std::move(parameters)}; }
  static Proposal group_context_extensions(Extensions extensions) {
    return {GroupContextExtensions{std::move(extensions)}};
  }
  /// `type` must be neither a type of MLS nor a GREASE value: `commit` and `propose` refuse those.
  static Proposal custom(ProposalType type, Bytes data) { return {CustomProposal{type, std::move(data)}}; }

  friend bool operator==(const Proposal&, const Proposal&) = default;
};

/// A proposal from outside the group (§12.1.8), as a PublicMessage. `sender_index` is the signer's index in
/// the group's external_senders.
Result<Bytes> make_external_proposal(CipherSuite suite, ByteView group_id, Epoch epoch,
                                     std::uint32_t sender_index, const SignatureKeyPair& signer,
                                     const Proposal& proposal);
/// A non-member's proposal to be added (new_member_proposal), signed with the package's key.
Result<Bytes> make_new_member_proposal(ByteView group_id, Epoch epoch, const KeyPackage& package,
                                       const SignatureKeyPair& signer);

}  // namespace sotto::mls
