// Key packages: a client publishes them so that others can add it while it is offline (RFC 9420 §10).
//
//   auto mine = make_key_package(kDefaultSuite, me, lifetime, {}, env);
//   publish(mine->message);             // an MLSMessage
//   keep(mine->save());                 // private keys: erase them once `Group::join` has used them
#pragma once

#include "sotto/mls/identity.hpp"
#include "sotto/mls/policy.hpp"

namespace sotto::mls {

struct KeyPackage {
  ProtocolVersion version = ProtocolVersion::mls10;
  CipherSuite cipher_suite = kDefaultSuite;
  Bytes init_key;
  LeafNode leaf_node;
  Extensions extensions;
  Bytes signature;

  /// Parses an MLSMessage. Checks the syntax only.
  static Result<KeyPackage> from_message(ByteView message);
  [[nodiscard]] Bytes to_message() const;
  /// KeyPackageRef (§5.2), by which a Welcome refers to it.
  [[nodiscard]] Bytes reference() const;
  friend bool operator==(const KeyPackage&, const KeyPackage&) = default;
};

/// Checks everything of §10.1 and §7.3 that needs no group. Call it for each package from a server.
Result<void> validate_key_package(const KeyPackage& package, const Environment& env);

/// A published package and its private keys. Movable; wiped when destroyed.
struct KeyPackageBundle {
  KeyPackage key_package;
  Bytes message;    ///< the MLSMessage to publish
  Bytes reference;  ///< KeyPackageRef
  SecretBytes init_private_key;
  SecretBytes encryption_private_key;
  /// Set by the application: this package may be used more than once (§16.8), so a join must not erase it.
  bool last_resort = false;

  [[nodiscard]] SecretBytes save() const;
  static Result<KeyPackageBundle> load(ByteView saved);
  /// Builds one from keys made elsewhere. Checks that they belong to the package.
  static Result<KeyPackageBundle> from_parts(ByteView message, ByteView init_private_key,
                                             ByteView encryption_private_key);
};

struct KeyPackageOptions {
  Extensions extensions{};
  bool last_resort = false;
  /// Add code points that receivers must ignore to capabilities and extensions (§13.5).
  bool grease = false;
};

Result<KeyPackageBundle> make_key_package(CipherSuite suite, const Identity& identity, Lifetime lifetime,
                                          const KeyPackageOptions& options, const Environment& env);

}  // namespace sotto::mls
