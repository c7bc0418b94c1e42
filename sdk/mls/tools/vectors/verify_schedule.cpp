#include "base/random.hpp"
#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/messages/framing.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/messages/welcome.hpp"
#include "sdk/mls/src/schedule/key_schedule.hpp"
#include "sdk/mls/src/schedule/secret_tree.hpp"
#include "sdk/mls/tools/vectors/verifiers.hpp"

namespace sotto::mls::vectors {

void verify_key_schedule(const VectorCase& c, const Options&) {
  const Suite& suite = suite_of(c);
  SecretBytes init(c.hex("initial_init_secret"));
  GroupContext context;
  context.cipher_suite = suite.id;
  context.group_id = c.hex("group_id");
  for (const VectorCase& e : c.objects("epochs")) {
    const std::string at = "epoch " + std::to_string(context.epoch.value) + ": ";
    context.tree_hash = e.hex("tree_hash");
    context.confirmed_transcript_hash = e.hex("confirmed_transcript_hash");
    const Bytes encoded = encode(context);
    expect_equal(encoded, e.hex("group_context"), at + "group_context");
    expect(unwrap(parse<GroupContext>(encoded), "group_context") == context, at + "group_context decoded");

    const SecretBytes psk(e.hex("psk_secret"));
    const SecretBytes joiner =
        derive_joiner_secret(suite, init, SecretBytes(e.hex("commit_secret")), encoded);
    const DerivedEpoch derived = derive_epoch(suite, joiner, psk, encoded);
    const EpochSecrets& s = derived.secrets;
    const auto check = [&](const SecretBytes& actual, std::string_view field) {
      expect_equal(actual.view(), e.hex(field), at + std::string(field));
    };
    check(joiner, "joiner_secret");
    check(derive_welcome_secret(suite, joiner, psk), "welcome_secret");
    check(s.init, "init_secret");
    check(s.sender_data, "sender_data_secret");
    check(derived.encryption, "encryption_secret");
    check(s.exporter, "exporter_secret");
    check(s.epoch_authenticator, "epoch_authenticator");
    check(s.external, "external_secret");
    check(s.confirmation_key, "confirmation_key");
    check(s.membership_key, "membership_key");
    check(s.resumption_psk, "resumption_psk");
    expect_equal(external_key_pair(suite, s).public_key, e.hex("external_pub"), at + "external_pub");
    const VectorCase x = e.object("exporter");
    expect_equal(
        mls_exporter(suite, s.exporter, x.text("label"), x.hex("context"), derived_length_of(x)).view(),
        x.hex("secret"), at + "exporter");
    init = s.init.clone();
    ++context.epoch.value;
  }
}

void verify_psk_secret(const VectorCase& c, const Options&) {
  const Suite& suite = suite_of(c);
  std::vector<KnownPsk> psks;
  for (const VectorCase& p : c.objects("psks")) {
    PskId id;
    id.external_id = p.hex("psk_id");
    id.nonce = p.hex("psk_nonce");
    psks.push_back({std::move(id), SecretBytes(p.hex("psk"))});
  }
  expect_equal(derive_psk_secret(suite, psks).view(), c.hex("psk_secret"), "psk_secret");
}

void verify_transcript_hashes(const VectorCase& c, const Options&) {
  const Suite& suite = suite_of(c);
  const Bytes given = c.hex("authenticated_content");
  const auto content = unwrap(parse<AuthenticatedContent>(given), "authenticated_content");
  expect(content.content.as<Commit>() != nullptr, "the content is a commit");
  expect_equal(encode(content), given, "authenticated_content encoded again");
  const Bytes confirmed =
      confirmed_transcript_hash(c.hex("interim_transcript_hash_before"), transcript_input(content));
  expect_equal(confirmed, c.hex("confirmed_transcript_hash_after"), "confirmed_transcript_hash_after");
  const Bytes tag = mac(suite, c.hex("confirmation_key"), confirmed);
  expect_equal(content.auth.confirmation_tag.value_or(Bytes{}), tag, "confirmation_tag");
  expect_equal(interim_transcript_hash(confirmed, tag), c.hex("interim_transcript_hash_after"),
               "interim_transcript_hash_after");
}

namespace {
/// A case may ask for generations in any order, and farther ahead than a group would go; this takes a second.
constexpr std::uint32_t kFarthestGeneration = 1u << 20;
}  // namespace

void verify_secret_tree(const VectorCase& c, const Options&) {
  const Suite& suite = suite_of(c);
  const VectorCase sender = c.object("sender_data");
  const SenderDataKey key =
      sender_data_key(suite, SecretBytes(sender.hex("sender_data_secret")), sender.hex("ciphertext"));
  expect_equal(key.key.view(), sender.hex("key"), "sender_data.key");
  expect_equal(key.nonce.view(), sender.hex("nonce"), "sender_data.nonce");

  const auto& leaves = c.array("leaves");
  const LeafCount count = leaf_count_of(leaves.size(), "number of leaves");
  SecretTree tree(suite, count, SecretBytes(c.hex("encryption_secret")));
  constexpr RatchetLimits limits{kFarthestGeneration, kFarthestGeneration};
  for (std::uint32_t leaf = 0; leaf < count.value; ++leaf) {
    for (const auto& entry : leaves[leaf].as_array()) {
      const VectorCase step = c.inner(entry);
      const std::uint32_t generation = step.number32("generation");
      const std::string at =
          "leaf " + std::to_string(leaf) + ", generation " + std::to_string(generation) + ": ";
      const auto check = [&](RatchetType type, std::string_view key_field, std::string_view nonce_field) {
        // One receiver that jumps, and one that takes every step.
        auto prepared = unwrap(tree.key_for({leaf}, type, generation, limits), at + "key");
        expect_equal(prepared.key.key.view(), step.hex(key_field), at + std::string(key_field));
        expect_equal(prepared.key.nonce.view(), step.hex(nonce_field), at + std::string(nonce_field));
        tree.consume(std::move(prepared), limits);
        SecretTree own(suite, count, SecretBytes(c.hex("encryption_secret")));
        MessageKey k;
        for (std::uint32_t g = 0; g <= generation; ++g)
          k = unwrap(own.next({leaf}, type), at + "next");
        expect_equal(k.key.view(), step.hex(key_field), at + std::string(key_field) + " when sending");
        expect_equal(k.nonce.view(), step.hex(nonce_field), at + std::string(nonce_field) + " when sending");
      };
      check(RatchetType::handshake, "handshake_key", "handshake_nonce");
      check(RatchetType::application, "application_key", "application_nonce");
    }
  }
}

namespace {
Welcome parse_welcome(ByteView message) {
  Reader r(message);
  expect(read_message_head(r) == WireFormat::welcome, "welcome is a Welcome");
  Welcome welcome;
  read(r, welcome);
  r.finish();
  expect(r.ok(), "welcome decodes");
  return welcome;
}

void check_welcome(const Suite& suite, const Welcome& welcome, const KeyPackageBundle& bundle,
                   ByteView signer) {
  const auto secrets = unwrap(open_group_secrets(suite, welcome, bundle), "group secrets");
  const SecretBytes no_psk = derive_psk_secret(suite, {});
  const auto info = unwrap(open_group_info(suite, welcome.encrypted_group_info,
                                           derive_welcome_secret(suite, secrets.joiner_secret, no_psk)),
                           "group info");
  expect(verify_group_info(info, signer), "signature of the GroupInfo");
  const DerivedEpoch epoch = derive_epoch(suite, secrets.joiner_secret, no_psk, encode(info.context));
  expect_equal(mac(suite, epoch.secrets.confirmation_key.view(), info.context.confirmed_transcript_hash),
               info.confirmation_tag, "confirmation_tag");
}
}  // namespace

void verify_welcome(const VectorCase& c, const Options&) {
  const Suite& suite = suite_of(c);
  const Bytes message = c.hex("welcome");
  const Welcome welcome = parse_welcome(message);
  expect(welcome.cipher_suite == suite.id, "cipher suite of the Welcome");
  expect_equal(to_message(WireFormat::welcome, welcome), message, "welcome encoded again");
  KeyPackageBundle bundle;
  bundle.key_package = unwrap(KeyPackage::from_message(c.hex("key_package")), "key_package");
  bundle.reference = bundle.key_package.reference();
  auto keys = unwrap(hpke_key_pair_from_private(suite, c.hex("init_priv")), "init_priv");
  expect_equal(keys.public_key, bundle.key_package.init_key, "init_priv belongs to the key package");
  bundle.init_private_key = std::move(keys.private_key);
  check_welcome(suite, welcome, bundle, c.hex("signer_pub"));

  // The other way: the same contents in a Welcome of ours.
  const auto secrets = unwrap(open_group_secrets(suite, welcome, bundle), "group secrets");
  const SecretBytes welcome_secret =
      derive_welcome_secret(suite, secrets.joiner_secret, derive_psk_secret(suite, {}));
  const auto info =
      unwrap(open_group_info(suite, welcome.encrypted_group_info, welcome_secret), "group info");
  Welcome ours;
  ours.cipher_suite = suite.id;
  ours.encrypted_group_info = seal_group_info(suite, info, welcome_secret);
  ours.secrets.push_back(
      unwrap(seal_group_secrets(suite, bundle.key_package, secrets,
                                welcome_info(suite, ours.encrypted_group_info), system_random()),
             "seal group secrets"));
  check_welcome(suite, ours, bundle, c.hex("signer_pub"));
}

}  // namespace sotto::mls::vectors
