// The two AEADs: ChaCha20-Poly1305 from libsodium, AES-128-GCM from OpenSSL (libsodium's needs AES
// instructions and has 256-bit keys only).
#include <algorithm>
#include <cstdlib>
#include <memory>

#include <openssl/evp.h>
#include <sodium.h>

#include "sdk/mls/src/crypto/suite.hpp"

namespace sotto::mls {

namespace {

void chacha_seal(ByteView key, ByteView nonce, ByteView aad, ByteView plaintext,
                 std::span<std::uint8_t> out) {
  unsigned long long written = 0;
  crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), &written, plaintext.data(), plaintext.size(),
                                            aad.data(), aad.size(), nullptr, nonce.data(), key.data());
}

bool chacha_open(ByteView key, ByteView nonce, ByteView aad, ByteView ciphertext,
                 std::span<std::uint8_t> out) {
  unsigned long long written = 0;
  return crypto_aead_chacha20poly1305_ietf_decrypt(out.data(), &written, nullptr, ciphertext.data(),
                                                   ciphertext.size(), aad.data(), aad.size(), nonce.data(),
                                                   key.data()) == 0;
}

constexpr int kGcmTagSize = 16;
constexpr std::size_t kGcmKeySize = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};

/// Looking an algorithm up costs more than sealing a short message, so each thread keeps a context of its
/// own.
class GcmContext {
 public:
  explicit GcmContext(bool encrypt) : context_(EVP_CIPHER_CTX_new()), encrypt_(encrypt ? 1 : 0) {
    if (!context_ ||
        EVP_CipherInit_ex(context_.get(), EVP_aes_128_gcm(), nullptr, nullptr, nullptr, encrypt_) != 1)
      std::abort();  // an OpenSSL without AES-GCM
  }

  bool run(ByteView key, ByteView nonce, ByteView aad, ByteView in, std::span<std::uint8_t> out,
           std::uint8_t* tag) {
    EVP_CIPHER_CTX* c = context_.get();
    int n = 0;
    bool ok = EVP_CipherInit_ex(c, nullptr, nullptr, key.data(), nonce.data(), encrypt_) == 1;
    ok = ok &&
         (aad.empty() || EVP_CipherUpdate(c, nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1);
    ok = ok &&
         (in.empty() || EVP_CipherUpdate(c, out.data(), &n, in.data(), static_cast<int>(in.size())) == 1);
    if (encrypt_ == 0) ok = ok && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, kGcmTagSize, tag) == 1;
    std::uint8_t none[1];
    ok = ok && EVP_CipherFinal_ex(c, none, &n) == 1;
    if (encrypt_ == 1) ok = ok && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, kGcmTagSize, tag) == 1;
    static constexpr std::uint8_t kZeroKey[kGcmKeySize] = {};
    EVP_CipherInit_ex(c, nullptr, nullptr, kZeroKey, nullptr, encrypt_);  // overwrites the expanded key
    return ok;
  }

 private:
  std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context_;
  int encrypt_;
};

void gcm_seal(ByteView key, ByteView nonce, ByteView aad, ByteView plaintext, std::span<std::uint8_t> out) {
  thread_local GcmContext context(true);
  const auto body = out.first(plaintext.size());
  if (!context.run(key, nonce, aad, plaintext, body, out.data() + plaintext.size())) std::abort();
}

bool gcm_open(ByteView key, ByteView nonce, ByteView aad, ByteView ciphertext, std::span<std::uint8_t> out) {
  thread_local GcmContext context(false);
  std::uint8_t tag[kGcmTagSize];
  const auto body = ciphertext.first(out.size());
  std::copy_n(ciphertext.data() + out.size(), kGcmTagSize, tag);
  const bool ok = context.run(key, nonce, aad, body, out, tag);
  if (!ok) wipe(out);  // unauthenticated plaintext must not be seen
  return ok;
}

}  // namespace

const Aead kChaCha20Poly1305{crypto_aead_chacha20poly1305_ietf_KEYBYTES,
                             crypto_aead_chacha20poly1305_ietf_NPUBBYTES,
                             crypto_aead_chacha20poly1305_ietf_ABYTES, chacha_seal, chacha_open};
const Aead kAes128Gcm{kGcmKeySize, 12, kGcmTagSize, gcm_seal, gcm_open};

}  // namespace sotto::mls
