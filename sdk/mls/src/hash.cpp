#include "sdk/mls/src/hash.hpp"

#include <algorithm>

#include <sodium.h>

#include "sdk/mls/src/codec.hpp"

namespace sotto::mls {

namespace {
constexpr std::string_view kLabelPrefix = "MLS 1.0 ";

class Hmac {
 public:
  explicit Hmac(ByteView key) {
    // An empty view may point nowhere, and libsodium wants a place even for no bytes.
    static constexpr std::uint8_t kNoKey[1] = {};
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
  HashValue out;
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, a.data(), a.size());
  crypto_hash_sha256_update(&state, b.data(), b.size());
  crypto_hash_sha256_final(&state, out.data());
  // It holds the last block of what was hashed, which may be a secret: a saved state is hashed too.
  sodium_memzero(&state, sizeof state);
  return out;
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
