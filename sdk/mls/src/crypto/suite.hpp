// One row for each cipher suite (RFC 9420 §5.1, §17.1). Both rows share X25519, HKDF-SHA256 and Ed25519 and
// differ in their AEAD.
//
//   const Suite* suite = find_suite(id);
//   if (suite == nullptr) return Error{ErrorCode::cipher_suite_unsupported, ...};
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "sotto/mls/types.hpp"

namespace sotto::mls {

/// The size of SHA-256, of all secrets derived by the key schedule, and of X25519 keys.
inline constexpr std::size_t kHashSize = 32;
using HashValue = std::array<std::uint8_t, kHashSize>;

/// `seal` appends to nothing: it fills `out`, which has room for the tag. `open` says whether the tag was
/// right.
struct Aead {
  std::size_t key_size;
  std::size_t nonce_size;
  std::size_t tag_size;
  void (*seal)(ByteView key, ByteView nonce, ByteView aad, ByteView plaintext, std::span<std::uint8_t> out);
  bool (*open)(ByteView key, ByteView nonce, ByteView aad, ByteView ciphertext, std::span<std::uint8_t> out);
};
extern const Aead kChaCha20Poly1305;
extern const Aead kAes128Gcm;

struct Suite {
  CipherSuite id;
  const Aead* aead;
  // RFC 9180 §7: the code points that HPKE mixes into its key schedule
  std::uint16_t kem_id;
  std::uint16_t kdf_id;
  std::uint16_t aead_id;
};

/// Null for a suite this library does not have.
const Suite* find_suite(CipherSuite id);
/// Readies libsodium, once for the process. Whatever makes or loads keys begins with it, or with find_suite,
/// which does too.
void ready_crypto();

Bytes aead_seal(const Suite& suite, ByteView key, ByteView nonce, ByteView aad, ByteView plaintext);
/// Nothing if the tag is wrong. The plaintext may be secret: it comes in memory that is wiped.
std::optional<SecretBytes> aead_open(const Suite& suite, ByteView key, ByteView nonce, ByteView aad,
                                     ByteView ciphertext);

}  // namespace sotto::mls
