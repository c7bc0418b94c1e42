// How content travels: framed, signed, then public with a membership tag or private and encrypted (RFC 9420
// §6).
//
//   AuthenticatedContent signed = sign_content(...);
//   PublicMessage or PrivateMessage from it, and back; verify_content before believing any of it.
#pragma once

#include <variant>

#include "sdk/mls/src/messages/proposal_codec.hpp"
#include "sdk/mls/src/schedule/secret_tree.hpp"

namespace sotto::mls {

/// A plaintext: wiped when it ends, wherever that is.
struct ApplicationData {
  Bytes data;

  ApplicationData() = default;
  explicit ApplicationData(Bytes plaintext) : data(std::move(plaintext)) {}
  ApplicationData(const ApplicationData&) = default;
  ApplicationData(ApplicationData&&) noexcept = default;
  ApplicationData& operator=(ApplicationData other) noexcept {
    data.swap(other.data);
    return *this;
  }
  ~ApplicationData() { wipe(data); }
  friend bool operator==(const ApplicationData&, const ApplicationData&) = default;
};

struct FramedContent {
  Bytes group_id;
  Epoch epoch;
  Sender sender;
  Bytes authenticated_data;
  std::variant<ApplicationData, Proposal, Commit> content;

  [[nodiscard]] ContentType type() const { return static_cast<ContentType>(content.index() + 1); }
  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&content);
  }
};
void write(Writer& w, const FramedContent& v);
void read(Reader& r, FramedContent& v);

struct ContentAuth {
  Bytes signature;
  std::optional<Bytes> confirmation_tag;  ///< commits
};

/// What is signed, hashed into the transcript, and named by a ProposalRef.
struct AuthenticatedContent {
  WireFormat wire_format = WireFormat::public_message;
  FramedContent content;
  ContentAuth auth;
};
void write(Writer& w, const AuthenticatedContent& v);
void read(Reader& r, AuthenticatedContent& v);

/// `group_context`: encoded; used for senders whose signature covers it (§6.1).
void sign_content(AuthenticatedContent& v, const SignatureKeyPair& keys, ByteView group_context);
bool verify_content(const AuthenticatedContent& v, ByteView public_key, ByteView group_context);
/// ConfirmedTranscriptHashInput (§8.2)
Bytes transcript_input(const AuthenticatedContent& v);
Bytes proposal_reference(const Suite& suite, const AuthenticatedContent& v);

struct PublicMessage {
  FramedContent content;
  ContentAuth auth;
  std::optional<Bytes> membership_tag;  ///< members
};
void write(Writer& w, const PublicMessage& v);
void read(Reader& r, PublicMessage& v);
Bytes membership_tag(const Suite& suite, const AuthenticatedContent& v, ByteView membership_key,
                     ByteView group_context);

struct PrivateMessage {
  Bytes group_id;
  Epoch epoch;
  ContentType content_type = ContentType::application;
  Bytes authenticated_data;
  Bytes encrypted_sender_data;
  Bytes ciphertext;
};
void write(Writer& w, const PrivateMessage& v);
void read(Reader& r, PrivateMessage& v);

struct SenderData {
  LeafIndex leaf;
  std::uint32_t generation = 0;
  std::array<std::uint8_t, 4> reuse_guard{};
};

/// Key and nonce of sender data, from the beginning of the ciphertext (§6.3.2).
struct SenderDataKey {
  SecretBytes key;
  SecretBytes nonce;
};
SenderDataKey sender_data_key(const Suite& suite, const SecretBytes& sender_data_secret, ByteView ciphertext);

/// Zero bytes are added until the plaintext, content and signature together, is a multiple of
/// `padding_block`; 0: none.
PrivateMessage seal_private(const Suite& suite, const AuthenticatedContent& v, const MessageKey& key,
                            const SecretBytes& sender_data_secret, std::size_t padding_block, Random& random);
Result<SenderData> open_sender_data(const Suite& suite, const PrivateMessage& v,
                                    const SecretBytes& sender_data_secret);
/// Not verified yet.
Result<AuthenticatedContent> open_private(const Suite& suite, const PrivateMessage& v,
                                          const SenderData& sender, const MessageKey& key);

/// MLSMessage around one of the messages.
template <class T>
Bytes to_message(WireFormat format, const T& body) {
  Writer w;
  w.u16(static_cast<std::uint16_t>(ProtocolVersion::mls10));
  w.u16(static_cast<std::uint16_t>(format));
  write(w, body);
  return w.take();
}
/// The wire format; fails on another version than mls10.
WireFormat read_message_head(Reader& r);

}  // namespace sotto::mls
