// What newcomers get: Welcome and GroupInfo (RFC 9420 §12.4.3).
#pragma once

#include "sdk/mls/src/crypto/hpke.hpp"
#include "sdk/mls/src/schedule/group_context.hpp"
#include "sdk/mls/src/schedule/key_schedule.hpp"

namespace sotto::mls {

struct GroupInfo {
  GroupContext context;
  Extensions extensions;
  Bytes confirmation_tag;
  LeafIndex signer;
  Bytes signature;
};
void write(Writer& w, const GroupInfo& v);
void read(Reader& r, GroupInfo& v);
void sign_group_info(GroupInfo& v, const SignatureKeyPair& keys);
bool verify_group_info(const GroupInfo& v, ByteView public_key);

struct GroupSecrets {
  SecretBytes joiner_secret;
  std::optional<SecretBytes> path_secret;
  std::vector<PskId> psks;
};
void write(Writer& w, const GroupSecrets& v);
void read(Reader& r, GroupSecrets& v);

struct EncryptedGroupSecrets {
  Bytes new_member;  ///< KeyPackageRef
  HpkeCiphertext secrets;
};
struct Welcome {
  CipherSuite cipher_suite{};
  std::vector<EncryptedGroupSecrets> secrets;
  Bytes encrypted_group_info;
};
void write(Writer& w, const Welcome& v);
void read(Reader& r, Welcome& v);

Bytes seal_group_info(const Suite& suite, const GroupInfo& info, const SecretBytes& welcome_secret);
Result<GroupInfo> open_group_info(const Suite& suite, ByteView sealed, const SecretBytes& welcome_secret);

Result<EncryptedGroupSecrets> seal_group_secrets(const Suite& suite, const KeyPackage& to,
                                                 const GroupSecrets& secrets, const HpkeInfo& info,
                                                 Random& random);
Result<GroupSecrets> open_group_secrets(const Suite& suite, const Welcome& welcome,
                                        const KeyPackageBundle& bundle);
/// The HPKE context all of a Welcome's recipients share.
HpkeInfo welcome_info(const Suite& suite, ByteView encrypted_group_info);

}  // namespace sotto::mls
