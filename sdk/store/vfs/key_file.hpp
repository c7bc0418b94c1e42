// The small file beside an encrypted database (`<database>-key`) that holds the database's own key, wrapped.
//
// Every database has a random key of its own, made when it is created, so pages of one never open in another,
// and changing the app's key or the passphrase rewrites this file only. It is written before the database's
// first page and not again, except by `change_key`; two copies (slots) lie in different sectors, and either
// is enough. Without it the database cannot be opened by anyone: it belongs into every copy and backup, and
// deleting it is the quickest way to make the database unreadable.
//
//   slot, 128 bytes, integers little-endian; slots at 0 and 512, the rest zeros, 1024 bytes in all
//     0  magic "sottokey"    8  version 1    9  kind of key (1 raw, 2 passphrase)    10  zeros
//    12  Argon2id passes    16  Argon2id memory, KiB    20  zeros
//    24  salt 16    40  nonce 24
//    64  wrapped key 32 + tag 16 (XChaCha20-Poly1305, bytes 0..40 authenticated)
//   112  BLAKE2b-128 of bytes 0..112: tells a damaged slot from a wrong key
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "sdk/store/vfs/database_key.hpp"
#include "sotto/error.hpp"

namespace sotto::vfs {

inline constexpr std::size_t kSlotSize = 128;
inline constexpr std::size_t kKeyFileSize = 1024;
inline constexpr std::size_t kSlots = 2;

struct KeySlot {
  DatabaseKey::Kind kind = DatabaseKey::Kind::none;
  KdfCost cost;  ///< zeros for a raw key
  std::array<std::uint8_t, 16> salt{};
  std::array<std::uint8_t, 24> nonce{};
  std::array<std::uint8_t, 48> wrapped{};
};

std::array<std::uint8_t, kSlotSize> encode_slot(const KeySlot& slot);
/// Nothing when the bytes are not a whole, unchanged slot of a version and cost we know.
std::optional<KeySlot> decode_slot(ByteView bytes);

/// What wraps database keys: derived from the app's key or passphrase, for one salt.
class KeyWrap {
 public:
  /// With the slot's salt and cost. `store_key_missing`, `store_key_wrong` (another kind of key),
  /// `invalid_argument` (a raw key of a wrong size, an empty passphrase). Takes as long as the cost says.
  static Result<KeyWrap> derive(const DatabaseKey& key, const KeySlot& slot);
  /// With a new salt, at the cost the key asks for.
  static Result<KeyWrap> create(const DatabaseKey& key, Random& random);

  [[nodiscard]] KeyWrap clone() const;
  [[nodiscard]] KeySlot wrap(const SecretBytes& file_key, Random& random) const;
  /// Nothing: wrapped with another key.
  [[nodiscard]] std::optional<SecretBytes> unwrap(const KeySlot& slot) const;
  /// Whether the slot was made with this very salt and cost, so that no new derivation is needed.
  [[nodiscard]] bool fits(const KeySlot& slot) const;

 private:
  KeySlot parameters_;
  SecretBytes key_;
};

}  // namespace sotto::vfs
