#include "sdk/mls/src/crypto/suite.hpp"

#include <cstdlib>

#include <sodium.h>

namespace sotto::mls {

namespace {
// RFC 9180 §7.1 to §7.3
constexpr std::uint16_t kDhkemX25519 = 0x0020;
constexpr std::uint16_t kHkdfSha256 = 0x0001;
constexpr std::uint16_t kHpkeAes128Gcm = 0x0001;
constexpr std::uint16_t kHpkeChaCha20Poly1305 = 0x0003;

const Suite kSuites[] = {
    {CipherSuite::x25519_aes128gcm_sha256_ed25519, &kAes128Gcm, kDhkemX25519, kHkdfSha256, kHpkeAes128Gcm},
    {CipherSuite::x25519_chacha20poly1305_sha256_ed25519, &kChaCha20Poly1305, kDhkemX25519, kHkdfSha256,
     kHpkeChaCha20Poly1305},
};
}  // namespace

void ready_crypto() {
  static const int ready = sodium_init();
  if (ready < 0) std::abort();  // without its random device nothing here is safe to run
}

const Suite* find_suite(CipherSuite id) {
  ready_crypto();
  for (const Suite& suite : kSuites) {
    if (suite.id == id) return &suite;
  }
  return nullptr;
}

bool is_supported(CipherSuite suite) {
  return find_suite(suite) != nullptr;
}

Bytes aead_seal(const Suite& suite, ByteView key, ByteView nonce, ByteView aad, ByteView plaintext) {
  Bytes out(plaintext.size() + suite.aead->tag_size);
  suite.aead->seal(key, nonce, aad, plaintext, out);
  return out;
}

std::optional<SecretBytes> aead_open(const Suite& suite, ByteView key, ByteView nonce, ByteView aad,
                                     ByteView ciphertext) {
  if (ciphertext.size() < suite.aead->tag_size) return std::nullopt;
  SecretBytes out(ciphertext.size() - suite.aead->tag_size);
  if (!suite.aead->open(key, nonce, aad, ciphertext, out.span())) return std::nullopt;
  return out;
}

}  // namespace sotto::mls
