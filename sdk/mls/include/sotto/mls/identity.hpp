// A client's credential, signature key and capabilities, for the leaves that it makes.
//
//   SignatureKeyPair keys = SignatureKeyPair::generate(env.random);
//   Identity me{.credential = Credential::basic(id), .keys = std::move(keys)};
#pragma once

#include "sotto/mls/leaf_node.hpp"

namespace sotto {
class Random;
}

namespace sotto::mls {

/// Ed25519, the signature scheme of both suites. The secret is the 32-byte seed of RFC 8032.
class SignatureKeyPair {
 public:
  static SignatureKeyPair generate(Random& random);
  static Result<SignatureKeyPair> from_seed(ByteView seed);

  [[nodiscard]] const Bytes& public_key() const { return public_key_; }
  [[nodiscard]] SecretBytes seed() const;
  [[nodiscard]] SignatureKeyPair clone() const;
  /// The signature of `content` as it is, without a label.
  [[nodiscard]] Bytes sign(ByteView content) const;

 private:
  SignatureKeyPair(Bytes public_key, SecretBytes expanded);
  Bytes public_key_;
  SecretBytes expanded_;  // libsodium's form, seed and public key: parsed once
};

struct Identity {
  Credential credential;
  SignatureKeyPair keys;
  Capabilities capabilities = Capabilities::standard();
  Extensions leaf_extensions{};

  [[nodiscard]] Identity clone() const;
};

}  // namespace sotto::mls
