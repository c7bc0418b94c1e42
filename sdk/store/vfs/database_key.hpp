// What opens an encrypted database: 32 random bytes that the app keeps (Keychain, Keystore, libsecret), or a
// passphrase that a person types.
//
//   DatabaseKey key = DatabaseKey::raw(SecretBytes(bytes_from_keychain));
//   DatabaseKey key = DatabaseKey::passphrase(SecretBytes(as_bytes("correct horse battery staple")));
#pragma once

#include <cstdint>
#include <utility>

#include "base/secret.hpp"

namespace sotto::vfs {

/// The price of one guess at a passphrase. The default is the second recommendation of RFC 9106 §4 (3 passes
/// over 64 MiB), which a phone affords: about 0.2 s.
struct KdfCost {
  std::uint32_t passes = 3;
  std::uint32_t memory_kib = 64 * 1024;

  friend bool operator==(const KdfCost&, const KdfCost&) = default;
};

class DatabaseKey {
 public:
  enum class Kind : std::uint8_t { none, raw, passphrase };

  static constexpr std::size_t kRawSize = 32;

  DatabaseKey() = default;
  /// Exactly kRawSize uniformly random bytes; another size is `invalid_argument` when it is used.
  static DatabaseKey raw(SecretBytes key) { return {Kind::raw, std::move(key), {}}; }
  /// UTF-8, taken as it is; normalise it first if it may come from several keyboards. `cost` counts when a
  /// database is created or its key changed; an existing one says its own.
  static DatabaseKey passphrase(SecretBytes text, KdfCost cost = {}) {
    return {Kind::passphrase, std::move(text), cost};
  }

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] const SecretBytes& secret() const { return secret_; }
  [[nodiscard]] KdfCost cost() const { return cost_; }

 private:
  DatabaseKey(Kind kind, SecretBytes secret, KdfCost cost)
      : kind_(kind), secret_(std::move(secret)), cost_(cost) {}

  Kind kind_ = Kind::none;
  SecretBytes secret_;
  KdfCost cost_;
};

}  // namespace sotto::vfs
