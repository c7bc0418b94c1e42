// What a leaf says about its member: credential, keys, capabilities (RFC 9420 §5.3, §7.2, §13.4).
//
//   Credential me = Credential::basic(as_bytes("alice/phone"));
#pragma once

#include <optional>
#include <vector>

#include "sotto/mls/error.hpp"
#include "sotto/mls/types.hpp"

namespace sotto::mls {

struct Credential {
  CredentialType type = CredentialType::basic;
  Bytes identity;                   ///< basic
  std::vector<Bytes> certificates;  ///< x509: DER, end entity first
  Bytes unknown;                    ///< any other type: its body, read as one opaque<V>

  static Credential basic(ByteView identity);
  static Credential x509(std::vector<Bytes> chain);
  friend bool operator==(const Credential&, const Credential&) = default;
};

struct Extension {
  ExtensionType type{};
  Bytes data;
  friend bool operator==(const Extension&, const Extension&) = default;
};

/// A list contains a type at most once (§13.4).
using Extensions = std::vector<Extension>;
const Extension* find_extension(const Extensions& list, ExtensionType type);
bool has_duplicates(const Extensions& list);

/// Default proposal and extension types are not listed: every client supports them (§7.2).
struct Capabilities {
  std::vector<ProtocolVersion> versions;
  std::vector<CipherSuite> cipher_suites;
  std::vector<ExtensionType> extensions;
  std::vector<ProposalType> proposals;
  std::vector<CredentialType> credentials;

  /// mls10, both suites, basic credentials, nothing else.
  static Capabilities standard();
  /// Whether it is listed, or a default.
  [[nodiscard]] bool supports(ExtensionType type) const;
  [[nodiscard]] bool supports(ProposalType type) const;
  [[nodiscard]] bool supports(CredentialType type) const;
  friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

/// Seconds since 1970, both ends included (§7.2).
struct Lifetime {
  std::uint64_t not_before = 0;
  std::uint64_t not_after = ~std::uint64_t{0};

  static Lifetime between(Timestamp from, Timestamp until);
  friend bool operator==(const Lifetime&, const Lifetime&) = default;
};

enum class LeafNodeSource : std::uint8_t { key_package = 1, update = 2, commit = 3 };

struct LeafNode {
  Bytes encryption_key;
  Bytes signature_key;
  Credential credential;
  Capabilities capabilities;
  LeafNodeSource source = LeafNodeSource::key_package;
  Lifetime lifetime;  ///< source key_package
  Bytes parent_hash;  ///< source commit
  Extensions extensions;
  Bytes signature;

  friend bool operator==(const LeafNode&, const LeafNode&) = default;
};

/// Contents of a required_capabilities extension (§11.1).
struct RequiredCapabilities {
  std::vector<ExtensionType> extensions;
  std::vector<ProposalType> proposals;
  std::vector<CredentialType> credentials;

  [[nodiscard]] Extension to_extension() const;
  static Result<RequiredCapabilities> from_extension(const Extension& extension);
};

/// One entry of an external_senders extension (§12.1.8.1).
struct ExternalSender {
  Bytes signature_key;
  Credential credential;
};
Extension make_external_senders(const std::vector<ExternalSender>& senders);
Result<std::vector<ExternalSender>> parse_external_senders(const Extension& extension);

}  // namespace sotto::mls
