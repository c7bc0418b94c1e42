#include "sdk/mls/src/schedule/key_schedule.hpp"

#include "sdk/mls/src/crypto/hash.hpp"

namespace sotto::mls {

EpochSecrets EpochSecrets::clone() const {
  return {sender_data.clone(),
          exporter.clone(),
          external.clone(),
          confirmation_key.clone(),
          membership_key.clone(),
          resumption_psk.clone(),
          epoch_authenticator.clone(),
          init.clone()};
}

SecretBytes derive_joiner_secret(const Suite& suite, const SecretBytes& init_secret,
                                 const SecretBytes& commit_secret, ByteView group_context) {
  const SecretBytes extracted = hkdf_extract(init_secret.view(), commit_secret.view());
  return expand_with_label(suite, extracted.view(), "joiner", group_context, kHashSize);
}

SecretBytes derive_welcome_secret(const Suite& suite, const SecretBytes& joiner,
                                  const SecretBytes& psk_secret) {
  const SecretBytes extracted = hkdf_extract(joiner.view(), psk_secret.view());
  return derive_secret(suite, extracted.view(), "welcome");
}

DerivedEpoch derive_epoch(const Suite& suite, const SecretBytes& joiner, const SecretBytes& psk_secret,
                          ByteView group_context) {
  const SecretBytes extracted = hkdf_extract(joiner.view(), psk_secret.view());
  return derive_from_epoch_secret(
      suite, expand_with_label(suite, extracted.view(), "epoch", group_context, kHashSize));
}

DerivedEpoch derive_from_epoch_secret(const Suite& suite, const SecretBytes& epoch_secret) {
  const auto derive = [&](std::string_view label) {
    return derive_secret(suite, epoch_secret.view(), label);
  };
  DerivedEpoch out;
  out.secrets.sender_data = derive("sender data");
  out.secrets.exporter = derive("exporter");
  out.secrets.external = derive("external");
  out.secrets.confirmation_key = derive("confirm");
  out.secrets.membership_key = derive("membership");
  out.secrets.resumption_psk = derive("resumption");
  out.secrets.epoch_authenticator = derive("authentication");
  out.secrets.init = derive("init");
  out.encryption = derive("encryption");
  return out;
}

HpkeKeyPair external_key_pair(const Suite& suite, const EpochSecrets& secrets) {
  return derive_hpke_key_pair(suite, secrets.external.view());
}

SecretBytes mls_exporter(const Suite& suite, const SecretBytes& exporter_secret, std::string_view label,
                         ByteView context, std::size_t length) {
  const SecretBytes derived = derive_secret(suite, exporter_secret.view(), label);
  return expand_with_label(suite, derived.view(), "exported", hash(context), length);
}

void write(Writer& w, const PskId& v) {
  w.u8(static_cast<std::uint8_t>(v.type));
  if (v.type == PskType::external) {
    w.opaque(v.external_id);
  } else {
    w.u8(static_cast<std::uint8_t>(v.usage));
    w.opaque(v.group_id);
    w.u64(v.epoch.value);
  }
  w.opaque(v.nonce);
}

void read(Reader& r, PskId& v) {
  v.type = static_cast<PskType>(r.u8());
  if (v.type == PskType::external) {
    v.external_id = r.opaque();
  } else if (v.type == PskType::resumption) {
    v.usage = static_cast<ResumptionUsage>(r.u8());
    if (v.usage < ResumptionUsage::application || v.usage > ResumptionUsage::branch)
      r.fail(ErrorCode::enum_invalid, "ResumptionPSKUsage");
    v.group_id = r.opaque();
    v.epoch.value = r.u64();
  } else {
    r.fail(ErrorCode::enum_invalid, "PSKType");
  }
  v.nonce = r.opaque();
}

SecretBytes derive_psk_secret(const Suite& suite, std::span<const KnownPsk> psks) {
  const SecretBytes zero(kHashSize);
  SecretBytes secret(kHashSize);
  for (std::size_t i = 0; i < psks.size(); ++i) {
    Writer label;
    write(label, psks[i].id);
    label.u16(static_cast<std::uint16_t>(i));
    label.u16(static_cast<std::uint16_t>(psks.size()));
    const SecretBytes extracted = hkdf_extract(zero.view(), psks[i].secret.view());
    const SecretBytes input =
        expand_with_label(suite, extracted.view(), "derived psk", label.view(), kHashSize);
    secret = hkdf_extract(input.view(), secret.view());
  }
  return secret;
}

}  // namespace sotto::mls
