// HPKE (RFC 9180) in base mode, and EncryptWithLabel on it (RFC 9420 §5.1.3).
//
// `info` is hashed once into an HpkeInfo and used for any number of recipients: a Welcome for 500 members has
// the whole encrypted tree as its context, and hashing that for each of them would cost more than all the
// rest.
#pragma once

#include <string_view>

#include "sdk/mls/src/codec.hpp"
#include "sdk/mls/src/crypto/suite.hpp"

namespace sotto {
class Random;
}

namespace sotto::mls {

struct HpkeCiphertext {
  Bytes kem_output;
  Bytes ciphertext;
  friend bool operator==(const HpkeCiphertext&, const HpkeCiphertext&) = default;
};
void write(Writer& w, const HpkeCiphertext& v);
void read(Reader& r, HpkeCiphertext& v);

struct HpkeKeyPair {
  SecretBytes private_key;
  Bytes public_key;
  [[nodiscard]] HpkeKeyPair clone() const { return {private_key.clone(), public_key}; }
};
HpkeKeyPair generate_hpke_key_pair(const Suite& suite, Random& random);
/// KEM.DeriveKeyPair
HpkeKeyPair derive_hpke_key_pair(const Suite& suite, ByteView input);
Result<HpkeKeyPair> hpke_key_pair_from_private(const Suite& suite, ByteView private_key);
/// Of the right length, and not of small order: what is sealed to such a point everybody can open.
bool is_hpke_public_key(const Suite& suite, ByteView key);

/// key_schedule_context of RFC 9180 §5.1 for base mode.
struct HpkeInfo {
  Bytes key_schedule_context;
};
HpkeInfo make_hpke_info(const Suite& suite, ByteView info);
/// The info of EncryptWithLabel.
HpkeInfo label_info(const Suite& suite, std::string_view label, ByteView context);

Result<HpkeCiphertext> hpke_seal(const Suite& suite, ByteView public_key, const HpkeInfo& info,
                                 ByteView plaintext, Random& random);
Result<SecretBytes> hpke_open(const Suite& suite, const HpkeKeyPair& keys, const HpkeInfo& info,
                              const HpkeCiphertext& sealed);

struct HpkeExport {
  Bytes kem_output;
  SecretBytes secret;
};
/// SetupBaseS with an empty info, then Context.Export of Nh bytes (RFC 9420 §8.3).
Result<HpkeExport> hpke_send_export(const Suite& suite, ByteView public_key,
                                    std::string_view exporter_context, Random& random);
Result<SecretBytes> hpke_receive_export(const Suite& suite, const HpkeKeyPair& keys, ByteView kem_output,
                                        std::string_view exporter_context);

}  // namespace sotto::mls
