// A member who breaks the rules: takes what its library made, changes it, and signs and tags it again, so
// that exactly one rule is broken and everything in front of that rule is in order.
#pragma once

#include <functional>

#include <gtest/gtest.h>

#include "sdk/mls/src/crypto/signature.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/messages/welcome.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "tests/unit/sdk/mls/forging.hpp"
#include "tests/unit/sdk/mls/test_client.hpp"

namespace sotto::mls {

inline PublicMessage parse_public(ByteView message) {
  Reader r(message);
  read_message_head(r);
  PublicMessage out;
  read(r, out);
  EXPECT_TRUE(r.ok());
  return out;
}

inline Bytes forge_proposal(const Group& member, const Proposal& proposal) {
  return sign_and_tag(member, content_from(member, proposal));
}

/// A real commit of `member` with its path, changed by `change`.
inline Bytes forge_commit(TestWorld& world, Group& member, const std::function<void(Commit&)>& change) {
  CommitOptions options;
  options.by_reference = ProposalsByReference::none;
  options.format = HandshakeFormat::public_message;
  const CommitResult made = std::move(member.commit(options, world.env)).value();
  PublicMessage message = parse_public(made.message);
  change(std::get<Commit>(message.content.content));
  return sign_and_tag(member, message.content, *message.auth.confirmation_tag);
}

inline Bytes forge_commit_of(TestWorld& world, Group& member, const std::vector<Proposal>& proposals) {
  return forge_commit(world, member, [&](Commit& commit) {
    for (const Proposal& p : proposals)
      commit.proposals.push_back({p});
  });
}

/// A Welcome taken apart by the one it is for. The tree, too, if it is in there.
struct OpenWelcome {
  GroupSecrets secrets;
  GroupInfo info;
  RatchetTree tree;
};

inline Welcome parse_welcome(ByteView message) {
  Reader r(message);
  read_message_head(r);
  Welcome out;
  read(r, out);
  EXPECT_TRUE(r.ok());
  return out;
}

/// Gives the psk_secret for the PSKs that a Welcome names.
using PskSecretFor = std::function<SecretBytes(const GroupSecrets&)>;

inline OpenWelcome open_welcome(ByteView message, const KeyPackageBundle& bundle,
                                const PskSecretFor& psk_secret) {
  const Welcome welcome = parse_welcome(message);
  const Suite& suite = *find_suite(welcome.cipher_suite);
  OpenWelcome out;
  out.secrets = std::move(open_group_secrets(suite, welcome, bundle)).value();
  const SecretBytes key = derive_welcome_secret(suite, out.secrets.joiner_secret, psk_secret(out.secrets));
  out.info = std::move(open_group_info(suite, welcome.encrypted_group_info, key)).value();
  if (const Extension* tree = find_extension(out.info.extensions, ExtensionType::ratchet_tree))
    out.tree = std::move(parse<RatchetTree>(tree->data)).value();
  return out;
}

/// Signed again by `signer` and sealed again; nothing else is made to fit.
inline Bytes seal_welcome(const Suite& suite, OpenWelcome& open, const SignatureKeyPair& signer,
                          const KeyPackage& to, const PskSecretFor& psk_secret, Random& random) {
  sign_group_info(open.info, signer);
  Welcome out;
  out.cipher_suite = suite.id;
  out.encrypted_group_info = seal_group_info(
      suite, open.info, derive_welcome_secret(suite, open.secrets.joiner_secret, psk_secret(open.secrets)));
  const HpkeInfo info = welcome_info(suite, out.encrypted_group_info);
  out.secrets.push_back(std::move(seal_group_secrets(suite, to, open.secrets, info, random)).value());
  return to_message(WireFormat::welcome, out);
}

template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "accepted" : std::string(to_string(result.error().code));
}

}  // namespace sotto::mls
