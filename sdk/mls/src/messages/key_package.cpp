#include "sotto/mls/key_package.hpp"

#include <set>

#include "base/random.hpp"
#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/crypto/hpke.hpp"
#include "sdk/mls/src/crypto/signature.hpp"
#include "sdk/mls/src/messages/grease.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/tree/leaf_node_codec.hpp"
#include "sdk/mls/src/tree/leaf_validation.hpp"

namespace sotto::mls {

namespace {
constexpr std::string_view kPackageLabel = "KeyPackageTBS";
constexpr std::uint8_t kBundleFormat = 1;
constexpr std::size_t kMessageHeadSize = 4;  // version and wire format

Bytes reference_of(const Suite& suite, ByteView encoded) {
  return ref_hash(suite, "MLS 1.0 KeyPackage Reference", encoded);
}

void write_fields(Writer& w, const KeyPackage& v) {
  w.u16(static_cast<std::uint16_t>(v.version));
  w.u16(static_cast<std::uint16_t>(v.cipher_suite));
  w.opaque(v.init_key);
  write(w, v.leaf_node);
  write(w, v.extensions);
}
}  // namespace

void write(Writer& w, const KeyPackage& v) {
  write_fields(w, v);
  w.opaque(v.signature);
}

void read(Reader& r, KeyPackage& v) {
  v.version = static_cast<ProtocolVersion>(r.u16());
  v.cipher_suite = static_cast<CipherSuite>(r.u16());
  v.init_key = r.opaque();
  read(r, v.leaf_node);
  read(r, v.extensions);
  v.signature = r.opaque();
}

void sign_key_package(KeyPackage& package, const SignatureKeyPair& keys) {
  Writer w;
  write_fields(w, package);
  package.signature = sign_with_label(keys, kPackageLabel, w.view());
}

bool verify_key_package_signature(const KeyPackage& package) {
  Writer w;
  write_fields(w, package);
  return verify_with_label(package.leaf_node.signature_key, kPackageLabel, w.view(), package.signature);
}

Result<void> check_key_package(const KeyPackage& package, ProtocolVersion version, CipherSuite suite,
                               bool signature_verified) {
  if (package.version != version)
    return Error{ErrorCode::key_package_version_mismatch, "key package version"};
  if (package.cipher_suite != suite)
    return Error{ErrorCode::key_package_suite_mismatch, "key package cipher suite"};
  const Suite* known = find_suite(suite);
  if (known == nullptr) return Error{ErrorCode::cipher_suite_unsupported, "key package cipher suite"};
  if (!is_hpke_public_key(*known, package.init_key)) return Error{ErrorCode::key_invalid, "init_key"};
  if (package.init_key == package.leaf_node.encryption_key)
    return Error{ErrorCode::key_package_init_key_reused, "init_key is the leaf's encryption_key"};
  if (!signature_verified && !verify_key_package_signature(package))
    return Error{ErrorCode::key_package_signature_invalid, "key package signature"};
  return {};
}

Result<void> validate_key_package(const KeyPackage& package, const Environment& env) {
  if (auto ok = check_key_package(package, ProtocolVersion::mls10, package.cipher_suite); !ok) return ok;
  LeafCheck check;
  check.suite = package.cipher_suite;
  check.source = LeafNodeSource::key_package;
  check.event = CredentialEvent::key_package;
  return check_leaf(package.leaf_node, check, env);
}

Result<KeyPackage> KeyPackage::from_message(ByteView message) {
  Reader r(message);
  if (static_cast<ProtocolVersion>(r.u16()) != ProtocolVersion::mls10)
    r.fail(ErrorCode::version_unsupported, "MLSMessage");
  if (static_cast<WireFormat>(r.u16()) != WireFormat::key_package)
    r.fail(ErrorCode::wire_format_unexpected, "not a key package");
  KeyPackage out;
  read(r, out);
  r.finish();
  if (!r.ok()) return r.error();
  // §10: the package repeats the version of the message that carries it
  if (out.version != ProtocolVersion::mls10)
    return Error{ErrorCode::key_package_version_mismatch, "key package"};
  return out;
}

Bytes KeyPackage::to_message() const {
  Writer w;
  w.u16(static_cast<std::uint16_t>(ProtocolVersion::mls10));
  w.u16(static_cast<std::uint16_t>(WireFormat::key_package));
  write(w, *this);
  return w.take();
}

Bytes KeyPackage::reference() const {
  // Both suites hash alike; a package of an unknown suite is never looked up by reference.
  const Suite* suite = find_suite(cipher_suite);
  if (suite == nullptr) suite = find_suite(kDefaultSuite);
  return reference_of(*suite, encode(*this));
}

namespace {
/// §10: what a key package and its leaf hold, the leaf's capabilities list.
void list_in(Capabilities& capabilities, const Extensions& extensions) {
  std::set<ExtensionType> listed(capabilities.extensions.begin(), capabilities.extensions.end());
  for (const Extension& e : extensions) {
    if (!is_default(e.type) && listed.insert(e.type).second) capabilities.extensions.push_back(e.type);
  }
}
}  // namespace

Result<KeyPackageBundle> make_key_package(CipherSuite suite_id, const Identity& identity, Lifetime lifetime,
                                          const KeyPackageOptions& options, const Environment& env) {
  const Suite* suite = find_suite(suite_id);
  if (suite == nullptr) return Error{ErrorCode::cipher_suite_unsupported, "make_key_package"};
  HpkeKeyPair init = generate_hpke_key_pair(*suite, env.random);
  HpkeKeyPair leaf = generate_hpke_key_pair(*suite, env.random);

  KeyPackageBundle out;
  KeyPackage& package = out.key_package;
  package.cipher_suite = suite_id;
  package.init_key = std::move(init.public_key);
  package.extensions = options.extensions;
  LeafNode& node = package.leaf_node;
  node.encryption_key = std::move(leaf.public_key);
  node.signature_key = identity.keys.public_key();
  node.credential = identity.credential;
  node.capabilities = identity.capabilities;
  node.lifetime = lifetime;
  node.extensions = identity.leaf_extensions;
  if (options.grease) {
    add_grease(node.capabilities, env.random);
    add_grease(node.extensions, env.random);
    add_grease(package.extensions, env.random);
  }
  for (const Extensions* list : {&package.extensions, &node.extensions})
    list_in(node.capabilities, *list);
  if (has_duplicates(package.extensions) || has_duplicates(node.extensions))
    return Error{ErrorCode::extension_duplicate, "two extensions of one type in a key package"};
  sign_leaf(node, identity.keys, {});
  sign_key_package(package, identity.keys);

  out.message = package.to_message();
  out.reference = reference_of(*suite, ByteView(out.message).subspan(kMessageHeadSize));
  out.init_private_key = std::move(init.private_key);
  out.encryption_private_key = std::move(leaf.private_key);
  out.last_resort = options.last_resort;
  return out;
}

SecretBytes KeyPackageBundle::save() const {
  Writer w(Writer::Content::secret);
  w.u8(kBundleFormat);
  w.u8(last_resort ? 1 : 0);
  w.opaque(message);
  w.opaque(init_private_key.view());
  w.opaque(encryption_private_key.view());
  return w.take_secret();
}

Result<KeyPackageBundle> KeyPackageBundle::load(ByteView saved) {
  Reader r(saved);
  if (r.u8() != kBundleFormat) r.fail(ErrorCode::state_version_unsupported, "key package bundle");
  const bool last_resort = r.present();
  const ByteView message = r.opaque_view();
  const ByteView init = r.opaque_view();
  const ByteView leaf = r.opaque_view();
  r.finish();
  if (!r.ok() && r.error().code == ErrorCode::state_version_unsupported) return r.error();
  if (!r.ok()) return Error{ErrorCode::state_malformed, r.error().message};
  auto out = from_parts(message, init, leaf);
  if (out) out->last_resort = last_resort;
  return out;
}

Result<KeyPackageBundle> KeyPackageBundle::from_parts(ByteView message, ByteView init_private_key,
                                                      ByteView encryption_private_key) {
  auto package = KeyPackage::from_message(message);
  if (!package) return package.error();
  const Suite* suite = find_suite(package->cipher_suite);
  if (suite == nullptr) return Error{ErrorCode::cipher_suite_unsupported, "key package"};
  auto init = hpke_key_pair_from_private(*suite, init_private_key);
  if (!init) return init.error();
  auto leaf = hpke_key_pair_from_private(*suite, encryption_private_key);
  if (!leaf) return leaf.error();
  if (init->public_key != package->init_key || leaf->public_key != package->leaf_node.encryption_key)
    return Error{ErrorCode::key_invalid, "private keys of another key package"};
  KeyPackageBundle out;
  out.reference = package->reference();
  out.key_package = std::move(*package);
  out.message = to_bytes(message);
  out.init_private_key = std::move(init->private_key);
  out.encryption_private_key = std::move(leaf->private_key);
  return out;
}

}  // namespace sotto::mls
