#include "sdk/mls/src/crypto/signature.hpp"

#include <algorithm>

#include <sodium.h>

#include "base/random.hpp"
#include "sdk/mls/src/codec.hpp"
#include "sdk/mls/src/crypto/suite.hpp"

namespace sotto::mls {

namespace {
constexpr std::string_view kLabelPrefix = "MLS 1.0 ";

void write_sign_content(Writer& w, std::string_view label, ByteView content) {
  w.length(kLabelPrefix.size() + label.size());
  w.raw(as_bytes(kLabelPrefix));
  w.raw(as_bytes(label));
  w.opaque(content);
}
}  // namespace

SignatureKeyPair::SignatureKeyPair(Bytes public_key, SecretBytes expanded)
    : public_key_(std::move(public_key)), expanded_(std::move(expanded)) {}

SignatureKeyPair SignatureKeyPair::generate(Random& random) {
  const SecretBytes seed = SecretBytes::random(random, crypto_sign_SEEDBYTES);
  return std::move(from_seed(seed.view())).value();
}

Result<SignatureKeyPair> SignatureKeyPair::from_seed(ByteView seed) {
  if (seed.size() != crypto_sign_SEEDBYTES)
    return Error{ErrorCode::key_invalid, "an Ed25519 seed of " + std::to_string(seed.size()) + " bytes"};
  ready_crypto();
  Bytes public_key(crypto_sign_PUBLICKEYBYTES);
  SecretBytes expanded(crypto_sign_SECRETKEYBYTES);
  crypto_sign_seed_keypair(public_key.data(), expanded.data(), seed.data());
  return SignatureKeyPair(std::move(public_key), std::move(expanded));
}

SecretBytes SignatureKeyPair::seed() const {
  return SecretBytes(expanded_.view().first(crypto_sign_SEEDBYTES));
}

SignatureKeyPair SignatureKeyPair::clone() const {
  return {public_key_, expanded_.clone()};
}

Bytes SignatureKeyPair::sign(ByteView content) const {
  Bytes out(crypto_sign_BYTES);
  crypto_sign_detached(out.data(), nullptr, content.data(), content.size(), expanded_.data());
  return out;
}

Identity Identity::clone() const {
  return {credential, keys.clone(), capabilities, leaf_extensions};
}

Bytes sign_with_label(const SignatureKeyPair& keys, std::string_view label, ByteView content) {
  Writer w(Writer::Content::secret);  // may hold an application's plaintext
  write_sign_content(w, label, content);
  return keys.sign(w.view());
}

bool verify_with_label(ByteView public_key, std::string_view label, ByteView content, ByteView signature) {
  if (public_key.size() != crypto_sign_PUBLICKEYBYTES || signature.size() != crypto_sign_BYTES) return false;
  Writer w(Writer::Content::secret);
  write_sign_content(w, label, content);
  return crypto_sign_verify_detached(signature.data(), w.view().data(), w.size(), public_key.data()) == 0;
}

}  // namespace sotto::mls
