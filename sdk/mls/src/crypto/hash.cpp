#include "sdk/mls/src/crypto/hash.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include "sdk/mls/src/codec.hpp"

namespace sotto::mls {

namespace {
constexpr std::string_view kLabelPrefix = "MLS 1.0 ";
/// An empty view may point nowhere, and libsodium and OpenSSL want a place even for no bytes.
constexpr std::uint8_t kNoKey[1] = {};
/// From here on OpenSSL's HMAC is faster, for all it allocates: what HPKE mixes in for a Welcome is the whole
/// encrypted tree, 140 KB in a group of 500.
constexpr std::size_t kLargeInput = 4096;

struct FreeContext {
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
};

/// OpenSSL's SHA-256: it uses the machine's instructions for it, which makes it four times as fast as
/// libsodium's for a node of a tree. Each thread keeps a context of its own, because looking the algorithm up
/// costs more than hashing a node. What was hashed last is wiped from it by EVP_DigestFinal_ex.
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
      std::abort();  // an OpenSSL without SHA-256
  }
  HashValue run(ByteView a, ByteView b) {
    HashValue out;
    EVP_MD_CTX* c = context_.get();
    if (EVP_DigestInit_ex(c, nullptr, nullptr) != 1 || EVP_DigestUpdate(c, a.data(), a.size()) != 1 ||
        EVP_DigestUpdate(c, b.data(), b.size()) != 1 || EVP_DigestFinal_ex(c, out.data(), nullptr) != 1)
      std::abort();  // it has nothing to fail for
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

class Hmac {
 public:
  explicit Hmac(ByteView key) {
    crypto_auth_hmacsha256_init(&state_, key.empty() ? kNoKey : key.data(), key.size());
  }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;
  ~Hmac() { sodium_memzero(&state_, sizeof state_); }
  void update(ByteView data) { crypto_auth_hmacsha256_update(&state_, data.data(), data.size()); }
  void finish(std::uint8_t* out) { crypto_auth_hmacsha256_final(&state_, out); }

 private:
  crypto_auth_hmacsha256_state state_{};
};
}  // namespace

HashValue hash(ByteView data) {
  return hash(data, {});
}

HashValue hash(ByteView a, ByteView b) {
  thread_local Sha256 sha256;
  return sha256.run(a, b);
}

HashValue hmac(ByteView key, ByteView data) {
  HashValue out;
  Hmac h(key);
  h.update(data);
  h.finish(out.data());
  return out;
}

SecretBytes hkdf_extract(ByteView salt, ByteView input) {
  SecretBytes out(kHashSize);
  if (input.size() >= kLargeInput) {
    const std::uint8_t* key = salt.empty() ? kNoKey : salt.data();
    if (HMAC(EVP_sha256(), key, static_cast<int>(salt.size()), input.data(), input.size(), out.data(),
             nullptr) == nullptr)
      std::abort();  // out of memory
    return out;
  }
  Hmac h(salt);
  h.update(input);
  h.finish(out.data());
  return out;
}

SecretBytes hkdf_expand(ByteView secret, ByteView info, std::size_t length) {
  SecretBytes out(length);
  std::uint8_t block[kHashSize];
  std::size_t done = 0;
  for (std::uint8_t counter = 1; done < length; ++counter) {
    Hmac h(secret);
    if (counter > 1) h.update(block);
    h.update(info);
    h.update({&counter, 1});
    h.finish(block);
    const std::size_t n = std::min(length - done, kHashSize);
    std::copy_n(block, n, out.data() + done);
    done += n;
  }
  sodium_memzero(block, sizeof block);
  return out;
}

SecretBytes expand_with_label(const Suite&, ByteView secret, std::string_view label, ByteView context,
                              std::size_t length) {
  Writer info;
  info.u16(static_cast<std::uint16_t>(length));
  info.length(kLabelPrefix.size() + label.size());
  info.raw(as_bytes(kLabelPrefix));
  info.raw(as_bytes(label));
  info.opaque(context);
  return hkdf_expand(secret, info.view(), length);
}

SecretBytes derive_secret(const Suite& suite, ByteView secret, std::string_view label) {
  return expand_with_label(suite, secret, label, {}, kHashSize);
}

SecretBytes derive_tree_secret(const Suite& suite, ByteView secret, std::string_view label,
                               std::uint32_t generation, std::size_t length) {
  const std::uint8_t context[4] = {
      static_cast<std::uint8_t>(generation >> 24), static_cast<std::uint8_t>(generation >> 16),
      static_cast<std::uint8_t>(generation >> 8), static_cast<std::uint8_t>(generation)};
  return expand_with_label(suite, secret, label, context, length);
}

Bytes ref_hash(const Suite&, std::string_view label, ByteView value) {
  Writer w;
  w.opaque(as_bytes(label));
  w.opaque(value);
  const HashValue h = hash(w.view());
  return {h.begin(), h.end()};
}

Bytes mac(const Suite&, ByteView key, ByteView data) {
  const HashValue h = hmac(key, data);
  return {h.begin(), h.end()};
}

}  // namespace sotto::mls
