#include "sdk/mls/src/messages/welcome.hpp"

#include <algorithm>

#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/crypto/signature.hpp"
#include "sdk/mls/src/tree/leaf_node_codec.hpp"

namespace sotto::mls {

namespace {
constexpr std::string_view kGroupInfoLabel = "GroupInfoTBS";
constexpr std::string_view kWelcomeLabel = "Welcome";

void write_fields(Writer& w, const GroupInfo& v) {
  write(w, v.context);
  write(w, v.extensions);
  w.opaque(v.confirmation_tag);
  w.u32(v.signer.value);
}

struct WelcomeKey {
  SecretBytes key;
  SecretBytes nonce;
};
WelcomeKey welcome_key(const Suite& suite, const SecretBytes& welcome_secret) {
  return {expand_with_label(suite, welcome_secret.view(), "key", {}, suite.aead->key_size),
          expand_with_label(suite, welcome_secret.view(), "nonce", {}, suite.aead->nonce_size)};
}
}  // namespace

void write(Writer& w, const GroupInfo& v) {
  write_fields(w, v);
  w.opaque(v.signature);
}

void read(Reader& r, GroupInfo& v) {
  read(r, v.context);
  read(r, v.extensions);
  v.confirmation_tag = r.opaque();
  v.signer.value = r.u32();
  v.signature = r.opaque();
}

void sign_group_info(GroupInfo& v, const SignatureKeyPair& keys) {
  Writer w;
  write_fields(w, v);
  v.signature = sign_with_label(keys, kGroupInfoLabel, w.view());
}

bool verify_group_info(const GroupInfo& v, ByteView public_key) {
  Writer w;
  write_fields(w, v);
  return verify_with_label(public_key, kGroupInfoLabel, w.view(), v.signature);
}

void write(Writer& w, const GroupSecrets& v) {
  w.opaque(v.joiner_secret.view());
  w.optional(v.path_secret, [&](const SecretBytes& secret) { w.opaque(secret.view()); });
  w.vector([&] {
    for (const PskId& id : v.psks)
      write(w, id);
  });
}

void read(Reader& r, GroupSecrets& v) {
  v.joiner_secret = r.secret();
  v.path_secret.reset();
  if (r.present()) v.path_secret = r.secret();
  v.psks.clear();
  r.vector([&] { read(r, v.psks.emplace_back()); });
}

void write(Writer& w, const Welcome& v) {
  w.u16(static_cast<std::uint16_t>(v.cipher_suite));
  w.vector([&] {
    for (const EncryptedGroupSecrets& s : v.secrets) {
      w.opaque(s.new_member);
      write(w, s.secrets);
    }
  });
  w.opaque(v.encrypted_group_info);
}

void read(Reader& r, Welcome& v) {
  v.cipher_suite = static_cast<CipherSuite>(r.u16());
  v.secrets.clear();
  r.vector([&] {
    EncryptedGroupSecrets s;
    s.new_member = r.opaque();
    read(r, s.secrets);
    v.secrets.push_back(std::move(s));
  });
  v.encrypted_group_info = r.opaque();
}

Bytes seal_group_info(const Suite& suite, const GroupInfo& info, const SecretBytes& welcome_secret) {
  const WelcomeKey k = welcome_key(suite, welcome_secret);
  return aead_seal(suite, k.key.view(), k.nonce.view(), {}, encode(info));
}

Result<GroupInfo> open_group_info(const Suite& suite, ByteView sealed, const SecretBytes& welcome_secret) {
  const WelcomeKey k = welcome_key(suite, welcome_secret);
  const auto plaintext = aead_open(suite, k.key.view(), k.nonce.view(), {}, sealed);
  if (!plaintext) return Error{ErrorCode::decryption_failed, "the GroupInfo of a Welcome did not open"};
  return parse<GroupInfo>(plaintext->view());
}

HpkeInfo welcome_info(const Suite& suite, ByteView encrypted_group_info) {
  return label_info(suite, kWelcomeLabel, encrypted_group_info);
}

Result<EncryptedGroupSecrets> seal_group_secrets(const Suite& suite, const KeyPackage& to,
                                                 const GroupSecrets& secrets, const HpkeInfo& info,
                                                 Random& random) {
  Writer plaintext(Writer::Content::secret);
  write(plaintext, secrets);
  auto sealed = hpke_seal(suite, to.init_key, info, plaintext.view(), random);
  if (!sealed) return sealed.error();
  return EncryptedGroupSecrets{to.reference(), std::move(*sealed)};
}

Result<GroupSecrets> open_group_secrets(const Suite& suite, const Welcome& welcome,
                                        const KeyPackageBundle& bundle) {
  const auto mine =
      std::find_if(welcome.secrets.begin(), welcome.secrets.end(),
                   [&](const EncryptedGroupSecrets& s) { return s.new_member == bundle.reference; });
  if (mine == welcome.secrets.end())
    return Error{ErrorCode::welcome_not_for_us, "no entry for the key package"};
  const HpkeKeyPair keys{bundle.init_private_key.clone(), bundle.key_package.init_key};
  const auto plaintext =
      hpke_open(suite, keys, welcome_info(suite, welcome.encrypted_group_info), mine->secrets);
  if (!plaintext) return plaintext.error();
  return parse<GroupSecrets>(plaintext->view());
}

}  // namespace sotto::mls
