#include "sdk/mls/src/crypto/hpke.hpp"

#include <algorithm>
#include <array>

#include <sodium.h>

#include "base/random.hpp"
#include "sdk/mls/src/crypto/hash.hpp"

namespace sotto::mls {

namespace {
constexpr std::size_t kKeySize = crypto_scalarmult_BYTES;
constexpr std::uint8_t kModeBase = 0;

/// The u-coordinates of small order, in every encoding (https://cr.yp.to/ecdh.html#validate): 0, 1, the two
/// of order 8, p - 1, p and p + 1. libsodium refuses them too, but only once it multiplies.
constexpr std::array<std::uint8_t, kKeySize> kSmallOrder[] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
     0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};
constexpr std::string_view kVersion = "HPKE-v1";

/// "KEM" || I2OSP(kem_id, 2)
Bytes kem_suite_id(const Suite& suite) {
  Writer w;
  w.raw(as_bytes("KEM"));
  w.u16(suite.kem_id);
  return w.take();
}

/// "HPKE" || kem_id || kdf_id || aead_id
Bytes hpke_suite_id(const Suite& suite) {
  Writer w;
  w.raw(as_bytes("HPKE"));
  w.u16(suite.kem_id);
  w.u16(suite.kdf_id);
  w.u16(suite.aead_id);
  return w.take();
}

SecretBytes labeled_extract(ByteView suite_id, ByteView salt, std::string_view label, ByteView input) {
  Writer w(Writer::Content::secret);
  w.raw(as_bytes(kVersion));
  w.raw(suite_id);
  w.raw(as_bytes(label));
  w.raw(input);
  return hkdf_extract(salt, w.view());
}

SecretBytes labeled_expand(ByteView suite_id, ByteView secret, std::string_view label, ByteView info,
                           std::size_t length) {
  Writer w;
  w.u16(static_cast<std::uint16_t>(length));
  w.raw(as_bytes(kVersion));
  w.raw(suite_id);
  w.raw(as_bytes(label));
  w.raw(info);
  return hkdf_expand(secret, w.view(), length);
}

/// ExtractAndExpand of DHKEM (RFC 9180 §4.1).
SecretBytes shared_secret(const Suite& suite, const SecretBytes& dh, ByteView kem_output,
                          ByteView public_key) {
  const Bytes suite_id = kem_suite_id(suite);
  Writer context;
  context.raw(kem_output);
  context.raw(public_key);
  const SecretBytes prk = labeled_extract(suite_id, {}, "eae_prk", dh.view());
  return labeled_expand(suite_id, prk.view(), "shared_secret", context.view(), kHashSize);
}

struct Encapsulated {
  Bytes kem_output;
  SecretBytes shared;
};

Error bad_point() {
  return {ErrorCode::key_invalid, "an X25519 public key that is no point of large order"};
}

Result<Encapsulated> encapsulate(const Suite& suite, ByteView public_key, Random& random) {
  if (!is_hpke_public_key(suite, public_key)) return bad_point();
  const SecretBytes ephemeral = SecretBytes::random(random, kKeySize);
  Encapsulated out{Bytes(kKeySize), {}};
  crypto_scalarmult_base(out.kem_output.data(), ephemeral.data());
  SecretBytes dh(kKeySize);
  if (crypto_scalarmult(dh.data(), ephemeral.data(), public_key.data()) != 0) return bad_point();
  out.shared = shared_secret(suite, dh, out.kem_output, public_key);
  return out;
}

Result<SecretBytes> decapsulate(const Suite& suite, const HpkeKeyPair& keys, ByteView kem_output) {
  if (!is_hpke_public_key(suite, kem_output)) return bad_point();
  SecretBytes dh(kKeySize);
  if (crypto_scalarmult(dh.data(), keys.private_key.data(), kem_output.data()) != 0) return bad_point();
  return shared_secret(suite, dh, kem_output, keys.public_key);
}

struct KeyAndNonce {
  SecretBytes key;
  SecretBytes nonce;
};

/// KeySchedule of RFC 9180 §5.1. Each context is used for one message, so the nonce is the base nonce.
KeyAndNonce schedule(const Suite& suite, const SecretBytes& shared, const HpkeInfo& info) {
  const Bytes suite_id = hpke_suite_id(suite);
  const SecretBytes secret = labeled_extract(suite_id, shared.view(), "secret", {});
  return {labeled_expand(suite_id, secret.view(), "key", info.key_schedule_context, suite.aead->key_size),
          labeled_expand(suite_id, secret.view(), "base_nonce", info.key_schedule_context,
                         suite.aead->nonce_size)};
}

SecretBytes export_secret(const Suite& suite, const SecretBytes& shared, std::string_view exporter_context) {
  const Bytes suite_id = hpke_suite_id(suite);
  const HpkeInfo info = make_hpke_info(suite, {});
  const SecretBytes secret = labeled_extract(suite_id, shared.view(), "secret", {});
  const SecretBytes exporter =
      labeled_expand(suite_id, secret.view(), "exp", info.key_schedule_context, kHashSize);
  return labeled_expand(suite_id, exporter.view(), "sec", as_bytes(exporter_context), kHashSize);
}
}  // namespace

void write(Writer& w, const HpkeCiphertext& v) {
  w.opaque(v.kem_output);
  w.opaque(v.ciphertext);
}

void read(Reader& r, HpkeCiphertext& v) {
  v.kem_output = r.opaque();
  v.ciphertext = r.opaque();
}

HpkeKeyPair generate_hpke_key_pair(const Suite&, Random& random) {
  HpkeKeyPair out{SecretBytes::random(random, kKeySize), Bytes(kKeySize)};
  crypto_scalarmult_base(out.public_key.data(), out.private_key.data());
  return out;
}

HpkeKeyPair derive_hpke_key_pair(const Suite& suite, ByteView input) {
  const Bytes suite_id = kem_suite_id(suite);
  const SecretBytes prk = labeled_extract(suite_id, {}, "dkp_prk", input);
  HpkeKeyPair out{labeled_expand(suite_id, prk.view(), "sk", {}, kKeySize), Bytes(kKeySize)};
  crypto_scalarmult_base(out.public_key.data(), out.private_key.data());
  return out;
}

Result<HpkeKeyPair> hpke_key_pair_from_private(const Suite&, ByteView private_key) {
  if (private_key.size() != kKeySize)
    return Error{ErrorCode::key_invalid, "an X25519 private key of wrong length"};
  HpkeKeyPair out{SecretBytes(private_key), Bytes(kKeySize)};
  crypto_scalarmult_base(out.public_key.data(), out.private_key.data());
  return out;
}

bool is_hpke_public_key(const Suite&, ByteView key) {
  if (key.size() != kKeySize) return false;
  std::array<std::uint8_t, kKeySize> u{};
  std::copy(key.begin(), key.end(), u.begin());
  u.back() &= 0x7F;  // the bit that X25519 ignores
  return std::find(std::begin(kSmallOrder), std::end(kSmallOrder), u) == std::end(kSmallOrder);
}

HpkeInfo make_hpke_info(const Suite& suite, ByteView info) {
  const Bytes suite_id = hpke_suite_id(suite);
  const SecretBytes psk_id_hash = labeled_extract(suite_id, {}, "psk_id_hash", {});
  const SecretBytes info_hash = labeled_extract(suite_id, {}, "info_hash", info);
  Writer w;
  w.u8(kModeBase);
  w.raw(psk_id_hash.view());
  w.raw(info_hash.view());
  return {w.take()};
}

HpkeInfo label_info(const Suite& suite, std::string_view label, ByteView context) {
  Writer w;
  w.vector([&] {
    w.raw(as_bytes("MLS 1.0 "));
    w.raw(as_bytes(label));
  });
  w.opaque(context);
  return make_hpke_info(suite, w.view());
}

Result<HpkeCiphertext> hpke_seal(const Suite& suite, ByteView public_key, const HpkeInfo& info,
                                 ByteView plaintext, Random& random) {
  auto kem = encapsulate(suite, public_key, random);
  if (!kem) return kem.error();
  const KeyAndNonce k = schedule(suite, kem->shared, info);
  return HpkeCiphertext{std::move(kem->kem_output),
                        aead_seal(suite, k.key.view(), k.nonce.view(), {}, plaintext)};
}

Result<SecretBytes> hpke_open(const Suite& suite, const HpkeKeyPair& keys, const HpkeInfo& info,
                              const HpkeCiphertext& sealed) {
  auto shared = decapsulate(suite, keys, sealed.kem_output);
  if (!shared) return shared.error();
  const KeyAndNonce k = schedule(suite, *shared, info);
  auto plaintext = aead_open(suite, k.key.view(), k.nonce.view(), {}, sealed.ciphertext);
  if (!plaintext) return Error{ErrorCode::decryption_failed, "an HPKE ciphertext did not open"};
  return std::move(*plaintext);
}

Result<HpkeExport> hpke_send_export(const Suite& suite, ByteView public_key,
                                    std::string_view exporter_context, Random& random) {
  auto kem = encapsulate(suite, public_key, random);
  if (!kem) return kem.error();
  return HpkeExport{std::move(kem->kem_output), export_secret(suite, kem->shared, exporter_context)};
}

Result<SecretBytes> hpke_receive_export(const Suite& suite, const HpkeKeyPair& keys, ByteView kem_output,
                                        std::string_view exporter_context) {
  auto shared = decapsulate(suite, keys, kem_output);
  if (!shared) return shared.error();
  return export_secret(suite, *shared, exporter_context);
}

}  // namespace sotto::mls
