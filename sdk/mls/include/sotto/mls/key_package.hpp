// Key packages: what a client publishes so that others can add it while it is away (RFC 9420 §10).
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

  /// From an MLSMessage; syntax only.
  static Result<KeyPackage> from_message(ByteView message);
  [[nodiscard]] Bytes to_message() const;
  /// KeyPackageRef (§5.2), the name a Welcome calls it by.
  [[nodiscard]] Bytes reference() const;
  friend bool operator==(const KeyPackage&, const KeyPackage&) = default;
};

/// Everything of §10.1 and §7.3 that can be checked without a group: do it when a package comes from a
/// server.
Result<void> validate_key_package(const KeyPackage& package, const Environment& env);

/// A published package and its private keys. Movable; wiped when destroyed.
struct KeyPackageBundle {
  KeyPackage key_package;
  Bytes message;    ///< the MLSMessage to publish
  Bytes reference;  ///< KeyPackageRef
  SecretBytes init_private_key;
  SecretBytes encryption_private_key;
  /// The application's note that this package may be used more than once (§16.8): do not erase it after a
  /// join.
  bool last_resort = false;

  [[nodiscard]] SecretBytes save() const;
  static Result<KeyPackageBundle> load(ByteView saved);
  /// From keys made elsewhere; checks that they belong to the package.
  static Result<KeyPackageBundle> from_parts(ByteView message, ByteView init_private_key,
                                             ByteView encryption_private_key);
};

struct KeyPackageOptions {
  Extensions extensions{};
  bool last_resort = false;
  /// Sprinkle code points that receivers must ignore over capabilities and extensions (§13.5).
  bool grease = false;
};

Result<KeyPackageBundle> make_key_package(CipherSuite suite, const Identity& identity, Lifetime lifetime,
                                          const KeyPackageOptions& options, const Environment& env);

}  // namespace sotto::mls
