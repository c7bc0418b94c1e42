#include "sdk/store/vfs/cipher.hpp"

#include <cstring>

#include <sodium.h>

namespace sotto::vfs {
namespace {

static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == kNonceSize);
static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == kTagSize);
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == kFileKeySize);
static_assert(crypto_kdf_KEYBYTES == kFileKeySize);

constexpr char kContext[crypto_kdf_CONTEXTBYTES + 1] = "sottovfs";
// Subkey numbers: the role, and the role plus this for checksum masks.
constexpr std::uint64_t kMaskKeys = 100;

SecretBytes subkey(const SecretBytes& file_key, std::uint64_t number, std::size_t size) {
  SecretBytes key(size);
  crypto_kdf_derive_from_key(key.data(), size, number, kContext, file_key.data());
  return key;
}

}  // namespace

PageCipher::PageCipher(const SecretBytes& file_key, FileRole role, Random& random)
    : key_(subkey(file_key, static_cast<std::uint64_t>(role), kFileKeySize)),
      mask_key_(subkey(file_key, kMaskKeys + static_cast<std::uint64_t>(role), crypto_shorthash_KEYBYTES)),
      random_(random) {}

void PageCipher::seal(const std::uint8_t* plain, std::uint8_t* sealed, ByteView position) const {
  std::uint8_t* nonce = sealed + kContentSize;
  random_.fill({nonce, kNonceSize});
  crypto_aead_xchacha20poly1305_ietf_encrypt_detached(sealed, nonce + kNonceSize, nullptr, plain,
                                                      kContentSize, position.data(), position.size(), nullptr,
                                                      nonce, key_.data());
}

bool PageCipher::open(const std::uint8_t* sealed, std::uint8_t* plain, ByteView position) const {
  const std::uint8_t* nonce = sealed + kContentSize;
  const int bad = crypto_aead_xchacha20poly1305_ietf_decrypt_detached(plain, nullptr, sealed, kContentSize,
                                                                      nonce + kNonceSize, position.data(),
                                                                      position.size(), nonce, key_.data());
  if (bad != 0) std::memset(plain, 0, kContentSize);
  std::memset(plain + kContentSize, 0, kReserved);
  return bad == 0;
}

void PageCipher::seal_record(ByteView plain, std::span<std::uint8_t> out, ByteView position) const {
  random_.fill(out.first(kNonceSize));
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + kNonceSize, nullptr, plain.data(), plain.size(),
                                             position.data(), position.size(), nullptr, out.data(),
                                             key_.data());
}

bool PageCipher::open_record(ByteView sealed, std::span<std::uint8_t> out, ByteView position) const {
  return crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, sealed.data() + kNonceSize,
                                                    sealed.size() - kNonceSize, position.data(),
                                                    position.size(), sealed.data(), key_.data()) == 0;
}

std::array<std::uint8_t, 8> PageCipher::mask(ByteView input) const {
  std::array<std::uint8_t, crypto_shorthash_BYTES> out{};
  crypto_shorthash(out.data(), input.data(), input.size(), mask_key_.data());
  return out;
}

void put_u64(std::uint8_t* out, std::uint64_t value) {
  for (int i = 7; i >= 0; --i, value >>= 8)
    out[i] = static_cast<std::uint8_t>(value);
}

}  // namespace sotto::vfs
