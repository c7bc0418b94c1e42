// From a commit to the secrets of its epoch (RFC 9420 §8).
//
//   JoinerSecrets joiner = derive_joiner(suite, init, commit_secret, psk, context);
//   DerivedEpoch epoch = derive_epoch(suite, joiner, context);
#pragma once

#include <span>

#include "sdk/mls/src/crypto/hpke.hpp"
#include "sdk/mls/src/schedule/group_context.hpp"
#include "sotto/mls/proposal.hpp"

namespace sotto::mls {

/// What an epoch keeps while it lasts (§9.2: everything it was derived from is gone).
struct EpochSecrets {
  SecretBytes sender_data;
  SecretBytes exporter;
  SecretBytes external;
  SecretBytes confirmation_key;
  SecretBytes membership_key;
  SecretBytes resumption_psk;
  SecretBytes epoch_authenticator;
  SecretBytes init;

  [[nodiscard]] EpochSecrets clone() const;
};

struct DerivedEpoch {
  EpochSecrets secrets;
  SecretBytes encryption;  ///< seeds the secret tree, then goes
};

/// KDF.Extract(init, commit) expanded with the new context: what a Welcome carries.
SecretBytes derive_joiner_secret(const Suite& suite, const SecretBytes& init_secret,
                                 const SecretBytes& commit_secret, ByteView group_context);
SecretBytes derive_welcome_secret(const Suite& suite, const SecretBytes& joiner,
                                  const SecretBytes& psk_secret);
DerivedEpoch derive_epoch(const Suite& suite, const SecretBytes& joiner, const SecretBytes& psk_secret,
                          ByteView group_context);
/// From a given epoch_secret: the beginning of a group (§11).
DerivedEpoch derive_from_epoch_secret(const Suite& suite, const SecretBytes& epoch_secret);

/// The pair whose public half invites external commits (§8).
HpkeKeyPair external_key_pair(const Suite& suite, const EpochSecrets& secrets);
SecretBytes mls_exporter(const Suite& suite, const SecretBytes& exporter_secret, std::string_view label,
                         ByteView context, std::size_t length);

struct KnownPsk {
  PskId id;
  SecretBytes secret;
};
void write(Writer& w, const PskId& v);
void read(Reader& r, PskId& v);
/// §8.4; all zeros for no PSKs.
SecretBytes derive_psk_secret(const Suite& suite, std::span<const KnownPsk> psks);

}  // namespace sotto::mls
