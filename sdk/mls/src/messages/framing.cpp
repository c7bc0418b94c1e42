#include "sdk/mls/src/messages/framing.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/crypto/signature.hpp"

namespace sotto::mls {

namespace {

constexpr std::string_view kContentLabel = "FramedContentTBS";

void write(Writer& w, const Sender& v) {
  w.u8(static_cast<std::uint8_t>(v.type));
  if (v.type == SenderType::member || v.type == SenderType::external) w.u32(v.index);
}

void read(Reader& r, Sender& v) {
  v.type = static_cast<SenderType>(r.u8());
  switch (v.type) {
    case SenderType::member:
    case SenderType::external:
      v.index = r.u32();
      return;
    case SenderType::new_member_proposal:
    case SenderType::new_member_commit:
      v.index = 0;
      return;
  }
  r.fail(ErrorCode::enum_invalid, "SenderType");
}

void write_body(Writer& w, const FramedContent& v) {
  if (const auto* application = v.as<ApplicationData>()) {
    w.opaque(application->data);
  } else if (const auto* proposal = v.as<Proposal>()) {
    write(w, *proposal);
  } else {
    write(w, *v.as<Commit>());
  }
}

void read_body(Reader& r, ContentType type, FramedContent& v) {
  switch (type) {
    case ContentType::application:
      v.content = ApplicationData{r.opaque()};
      return;
    case ContentType::proposal: {
      Proposal proposal;
      read(r, proposal);
      v.content = std::move(proposal);
      return;
    }
    case ContentType::commit: {
      Commit commit;
      read(r, commit);
      v.content = std::move(commit);
      return;
    }
  }
  r.fail(ErrorCode::enum_invalid, "ContentType");
}

void write(Writer& w, const ContentAuth& v, ContentType type) {
  w.opaque(v.signature);
  if (type == ContentType::commit) w.opaque(v.confirmation_tag ? ByteView(*v.confirmation_tag) : ByteView{});
}

void read(Reader& r, ContentAuth& v, ContentType type) {
  v.signature = r.opaque();
  v.confirmation_tag.reset();
  if (type == ContentType::commit) v.confirmation_tag = r.opaque();
}

void write_to_be_signed(Writer& w, const AuthenticatedContent& v, ByteView group_context) {
  w.u16(static_cast<std::uint16_t>(ProtocolVersion::mls10));
  w.u16(static_cast<std::uint16_t>(v.wire_format));
  write(w, v.content);
  const SenderType sender = v.content.sender.type;
  if (sender == SenderType::member || sender == SenderType::new_member_commit) w.raw(group_context);
}

}  // namespace

void write(Writer& w, const FramedContent& v) {
  w.opaque(v.group_id);
  w.u64(v.epoch.value);
  write(w, v.sender);
  w.opaque(v.authenticated_data);
  w.u8(static_cast<std::uint8_t>(v.type()));
  write_body(w, v);
}

void read(Reader& r, FramedContent& v) {
  v.group_id = r.opaque();
  v.epoch.value = r.u64();
  read(r, v.sender);
  v.authenticated_data = r.opaque();
  const auto type = static_cast<ContentType>(r.u8());
  if (r.ok()) read_body(r, type, v);
}

void write(Writer& w, const AuthenticatedContent& v) {
  w.u16(static_cast<std::uint16_t>(v.wire_format));
  write(w, v.content);
  write(w, v.auth, v.content.type());
}

void read(Reader& r, AuthenticatedContent& v) {
  v.wire_format = static_cast<WireFormat>(r.u16());
  read(r, v.content);
  read(r, v.auth, v.content.type());
}

void sign_content(AuthenticatedContent& v, const SignatureKeyPair& keys, ByteView group_context) {
  Writer w(Writer::Content::secret);  // may hold application plaintext
  write_to_be_signed(w, v, group_context);
  v.auth.signature = sign_with_label(keys, kContentLabel, w.view());
}

bool verify_content(const AuthenticatedContent& v, ByteView public_key, ByteView group_context) {
  Writer w(Writer::Content::secret);
  write_to_be_signed(w, v, group_context);
  return verify_with_label(public_key, kContentLabel, w.view(), v.auth.signature);
}

Bytes transcript_input(const AuthenticatedContent& v) {
  Writer w;
  w.u16(static_cast<std::uint16_t>(v.wire_format));
  write(w, v.content);
  w.opaque(v.auth.signature);
  return w.take();
}

Bytes proposal_reference(const Suite& suite, const AuthenticatedContent& v) {
  return ref_hash(suite, "MLS 1.0 Proposal Reference", encode(v));
}

void write(Writer& w, const PublicMessage& v) {
  write(w, v.content);
  write(w, v.auth, v.content.type());
  if (v.content.sender.type == SenderType::member)
    w.opaque(v.membership_tag ? ByteView(*v.membership_tag) : ByteView{});
}

void read(Reader& r, PublicMessage& v) {
  read(r, v.content);
  if (!r.ok()) return;
  read(r, v.auth, v.content.type());
  v.membership_tag.reset();
  if (v.content.sender.type == SenderType::member) v.membership_tag = r.opaque();
}

Bytes membership_tag(const Suite& suite, const AuthenticatedContent& v, ByteView membership_key,
                     ByteView group_context) {
  Writer w;
  write_to_be_signed(w, v, group_context);
  write(w, v.auth, v.content.type());
  return mac(suite, membership_key, w.view());
}

void write(Writer& w, const PrivateMessage& v) {
  w.opaque(v.group_id);
  w.u64(v.epoch.value);
  w.u8(static_cast<std::uint8_t>(v.content_type));
  w.opaque(v.authenticated_data);
  w.opaque(v.encrypted_sender_data);
  w.opaque(v.ciphertext);
}

void read(Reader& r, PrivateMessage& v) {
  v.group_id = r.opaque();
  v.epoch.value = r.u64();
  v.content_type = static_cast<ContentType>(r.u8());
  if (r.ok() && (v.content_type < ContentType::application || v.content_type > ContentType::commit))
    r.fail(ErrorCode::enum_invalid, "ContentType");
  v.authenticated_data = r.opaque();
  v.encrypted_sender_data = r.opaque();
  v.ciphertext = r.opaque();
}

namespace {

/// PrivateContentAAD; SenderDataAAD is its beginning.
Bytes content_aad(const PrivateMessage& v) {
  Writer w;
  w.opaque(v.group_id);
  w.u64(v.epoch.value);
  w.u8(static_cast<std::uint8_t>(v.content_type));
  w.opaque(v.authenticated_data);
  return w.take();
}

Bytes sender_data_aad(const PrivateMessage& v) {
  Writer w;
  w.opaque(v.group_id);
  w.u64(v.epoch.value);
  w.u8(static_cast<std::uint8_t>(v.content_type));
  return w.take();
}

SecretBytes guarded_nonce(const MessageKey& key, const std::array<std::uint8_t, 4>& guard) {
  SecretBytes nonce = key.nonce.clone();
  for (std::size_t i = 0; i < guard.size(); ++i)
    nonce.span()[i] ^= guard[i];
  return nonce;
}

}  // namespace

SenderDataKey sender_data_key(const Suite& suite, const SecretBytes& sender_data_secret,
                              ByteView ciphertext) {
  const ByteView sample = ciphertext.first(std::min(ciphertext.size(), kHashSize));
  return {expand_with_label(suite, sender_data_secret.view(), "key", sample, suite.aead->key_size),
          expand_with_label(suite, sender_data_secret.view(), "nonce", sample, suite.aead->nonce_size)};
}

PrivateMessage seal_private(const Suite& suite, const AuthenticatedContent& v, const MessageKey& key,
                            const SecretBytes& sender_data_secret, std::size_t padding_block,
                            Random& random) {
  PrivateMessage out;
  out.group_id = v.content.group_id;
  out.epoch = v.content.epoch;
  out.content_type = v.content.type();
  out.authenticated_data = v.content.authenticated_data;

  SenderData sender{v.content.sender.leaf(), key.generation, {}};
  random.fill(sender.reuse_guard);
  Writer plaintext(Writer::Content::secret);
  write_body(plaintext, v.content);
  write(plaintext, v.auth, v.content.type());
  static constexpr std::uint8_t kZeros[256] = {};
  const std::size_t block = std::max<std::size_t>(1, padding_block);
  for (std::size_t padding = (block - plaintext.size() % block) % block; padding > 0;
       padding -= std::min(padding, sizeof kZeros))
    plaintext.raw({kZeros, std::min(padding, sizeof kZeros)});
  out.ciphertext = aead_seal(suite, key.key.view(), guarded_nonce(key, sender.reuse_guard).view(),
                             content_aad(out), plaintext.view());

  Writer data;
  data.u32(sender.leaf.value);
  data.u32(sender.generation);
  data.raw(sender.reuse_guard);
  const SenderDataKey k = sender_data_key(suite, sender_data_secret, out.ciphertext);
  out.encrypted_sender_data =
      aead_seal(suite, k.key.view(), k.nonce.view(), sender_data_aad(out), data.view());
  return out;
}

Result<SenderData> open_sender_data(const Suite& suite, const PrivateMessage& v,
                                    const SecretBytes& sender_data_secret) {
  const SenderDataKey k = sender_data_key(suite, sender_data_secret, v.ciphertext);
  const auto plaintext =
      aead_open(suite, k.key.view(), k.nonce.view(), sender_data_aad(v), v.encrypted_sender_data);
  if (!plaintext) return Error{ErrorCode::decryption_failed, "sender data did not open"};
  Reader r(plaintext->view());
  SenderData out;
  out.leaf.value = r.u32();
  out.generation = r.u32();
  const ByteView guard = r.raw(out.reuse_guard.size());
  r.finish();
  if (!r.ok()) return r.error();
  std::copy(guard.begin(), guard.end(), out.reuse_guard.begin());
  return out;
}

Result<AuthenticatedContent> open_private(const Suite& suite, const PrivateMessage& v,
                                          const SenderData& sender, const MessageKey& key) {
  const auto plaintext = aead_open(suite, key.key.view(), guarded_nonce(key, sender.reuse_guard).view(),
                                   content_aad(v), v.ciphertext);
  if (!plaintext) return Error{ErrorCode::decryption_failed, "the content of a private message did not open"};
  AuthenticatedContent out;
  out.wire_format = WireFormat::private_message;
  out.content.group_id = v.group_id;
  out.content.epoch = v.epoch;
  out.content.sender = Sender::member(sender.leaf);
  out.content.authenticated_data = v.authenticated_data;
  Reader r(plaintext->view());
  read_body(r, v.content_type, out.content);
  if (r.ok()) read(r, out.auth, v.content_type);
  if (!r.ok()) return r.error();
  const ByteView padding = r.rest();
  if (std::any_of(padding.begin(), padding.end(), [](std::uint8_t b) { return b != 0; }))
    return Error{ErrorCode::padding_not_zero, "padding of a private message"};
  return out;
}

WireFormat read_message_head(Reader& r) {
  if (static_cast<ProtocolVersion>(r.u16()) != ProtocolVersion::mls10)
    r.fail(ErrorCode::version_unsupported, "MLSMessage");
  const auto format = static_cast<WireFormat>(r.u16());
  if (r.ok() && (format < WireFormat::public_message || format > WireFormat::key_package))
    r.fail(ErrorCode::enum_invalid, "WireFormat");
  return format;
}

}  // namespace sotto::mls
