#include "sotto/mls/leaf_node.hpp"

#include <algorithm>

#include "sdk/mls/src/crypto/signature.hpp"
#include "sdk/mls/src/tree/code_points.hpp"
#include "sdk/mls/src/tree/leaf_node_codec.hpp"

namespace sotto::mls {

namespace {
constexpr std::string_view kLeafLabel = "LeafNodeTBS";

void write_fields(Writer& w, const LeafNode& v) {
  w.opaque(v.encryption_key);
  w.opaque(v.signature_key);
  write(w, v.credential);
  write(w, v.capabilities);
  w.u8(static_cast<std::uint8_t>(v.source));
  if (v.source == LeafNodeSource::key_package) {
    w.u64(v.lifetime.not_before);
    w.u64(v.lifetime.not_after);
  } else if (v.source == LeafNodeSource::commit) {
    w.opaque(v.parent_hash);
  }
  write(w, v.extensions);
}

Bytes to_be_signed(const LeafNode& leaf, const LeafPlace& place) {
  Writer w;
  write_fields(w, leaf);
  if (leaf.source != LeafNodeSource::key_package) {
    w.opaque(place.group_id);
    w.u32(place.leaf.value);
  }
  return w.take();
}
}  // namespace

Credential Credential::basic(ByteView identity) {
  Credential out;
  out.identity = to_bytes(identity);
  return out;
}

Credential Credential::x509(std::vector<Bytes> chain) {
  Credential out;
  out.type = CredentialType::x509;
  out.certificates = std::move(chain);
  return out;
}

const Extension* find_extension(const Extensions& list, ExtensionType type) {
  const auto at = std::find_if(list.begin(), list.end(), [&](const Extension& e) { return e.type == type; });
  return at == list.end() ? nullptr : &*at;
}

bool has_duplicates(const Extensions& list) {
  if (list.size() < 2) return false;
  std::vector<ExtensionType> types;
  types.reserve(list.size());
  for (const Extension& e : list)
    types.push_back(e.type);
  std::sort(types.begin(), types.end());
  return std::adjacent_find(types.begin(), types.end()) != types.end();
}

Capabilities Capabilities::standard() {
  return {{ProtocolVersion::mls10},
          {kDefaultSuite, CipherSuite::x25519_aes128gcm_sha256_ed25519},
          {},
          {},
          {CredentialType::basic}};
}

bool Capabilities::supports(ExtensionType type) const {
  return is_default(type) || contains(extensions, type);
}
bool Capabilities::supports(ProposalType type) const {
  return is_default(type) || contains(proposals, type);
}
bool Capabilities::supports(CredentialType type) const {
  return contains(credentials, type);
}

Lifetime Lifetime::between(Timestamp from, Timestamp until) {
  const auto seconds = [](Timestamp t) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_unix_ms(t) / 1000));
  };
  return {seconds(from), seconds(until)};
}

void write(Writer& w, const Credential& v) {
  w.u16(static_cast<std::uint16_t>(v.type));
  switch (v.type) {
    case CredentialType::basic:
      w.opaque(v.identity);
      return;
    case CredentialType::x509:
      w.vector([&] {
        for (const Bytes& certificate : v.certificates)
          w.opaque(certificate);
      });
      return;
  }
  w.opaque(v.unknown);
}

void read(Reader& r, Credential& v) {
  v = {};
  v.type = static_cast<CredentialType>(r.u16());
  switch (v.type) {
    case CredentialType::basic:
      v.identity = r.opaque();
      return;
    case CredentialType::x509:
      r.vector([&] { v.certificates.push_back(r.opaque()); });
      return;
  }
  v.unknown = r.opaque();
}

void write(Writer& w, const Extensions& v) {
  w.vector([&] {
    for (const Extension& e : v) {
      w.u16(static_cast<std::uint16_t>(e.type));
      w.opaque(e.data);
    }
  });
}

void read(Reader& r, Extensions& v) {
  v.clear();
  r.vector([&] {
    Extension e;
    e.type = static_cast<ExtensionType>(r.u16());
    e.data = r.opaque();
    v.push_back(std::move(e));
  });
  if (r.ok() && has_duplicates(v)) r.fail(ErrorCode::extension_duplicate, "extensions");
}

void write(Writer& w, const Capabilities& v) {
  write_code_points(w, v.versions);
  write_code_points(w, v.cipher_suites);
  write_code_points(w, v.extensions);
  write_code_points(w, v.proposals);
  write_code_points(w, v.credentials);
}

void read(Reader& r, Capabilities& v) {
  read_code_points(r, v.versions);
  read_code_points(r, v.cipher_suites);
  read_code_points(r, v.extensions);
  read_code_points(r, v.proposals);
  read_code_points(r, v.credentials);
}

void write(Writer& w, const LeafNode& v) {
  write_fields(w, v);
  w.opaque(v.signature);
}

void read(Reader& r, LeafNode& v) {
  v.encryption_key = r.opaque();
  v.signature_key = r.opaque();
  read(r, v.credential);
  read(r, v.capabilities);
  const std::uint8_t source = r.u8();
  v.source = static_cast<LeafNodeSource>(source);
  switch (v.source) {
    case LeafNodeSource::key_package:
      v.lifetime.not_before = r.u64();
      v.lifetime.not_after = r.u64();
      break;
    case LeafNodeSource::update:
      break;
    case LeafNodeSource::commit:
      v.parent_hash = r.opaque();
      break;
    default:
      r.fail(ErrorCode::enum_invalid, "leaf_node_source");
      return;
  }
  read(r, v.extensions);
  v.signature = r.opaque();
}

void sign_leaf(LeafNode& leaf, const SignatureKeyPair& keys, const LeafPlace& place) {
  leaf.signature = sign_with_label(keys, kLeafLabel, to_be_signed(leaf, place));
}

bool verify_leaf_signature(const LeafNode& leaf, const LeafPlace& place) {
  return verify_with_label(leaf.signature_key, kLeafLabel, to_be_signed(leaf, place), leaf.signature);
}

Extension RequiredCapabilities::to_extension() const {
  Writer w;
  write_code_points(w, extensions);
  write_code_points(w, proposals);
  write_code_points(w, credentials);
  return {ExtensionType::required_capabilities, w.take()};
}

Result<RequiredCapabilities> RequiredCapabilities::from_extension(const Extension& extension) {
  Reader r(extension.data);
  RequiredCapabilities out;
  read_code_points(r, out.extensions);
  read_code_points(r, out.proposals);
  read_code_points(r, out.credentials);
  r.finish();
  if (!r.ok()) return Error{ErrorCode::extension_malformed, "required_capabilities: " + r.error().message};
  return out;
}

Extension make_external_senders(const std::vector<ExternalSender>& senders) {
  Writer w;
  w.vector([&] {
    for (const ExternalSender& s : senders) {
      w.opaque(s.signature_key);
      write(w, s.credential);
    }
  });
  return {ExtensionType::external_senders, w.take()};
}

Result<std::vector<ExternalSender>> parse_external_senders(const Extension& extension) {
  Reader r(extension.data);
  std::vector<ExternalSender> out;
  r.vector([&] {
    ExternalSender s;
    s.signature_key = r.opaque();
    read(r, s.credential);
    out.push_back(std::move(s));
  });
  r.finish();
  if (!r.ok()) return Error{ErrorCode::extension_malformed, "external_senders: " + r.error().message};
  return out;
}

}  // namespace sotto::mls
