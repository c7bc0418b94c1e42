#include "base/random.hpp"
#include "sdk/mls/src/messages/framing.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/messages/welcome.hpp"
#include "sdk/mls/src/schedule/group_context.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "sdk/mls/tools/vectors/verifiers.hpp"

namespace sotto::mls::vectors {

namespace {

template <class T>
void round_trip(const VectorCase& c, std::string_view field) {
  const Bytes given = c.hex(field);
  const T value = unwrap(parse<T>(given), field);
  expect_equal(encode(value), given, std::string(field) + " encoded again");
}

template <class T>
void round_trip_message(const VectorCase& c, std::string_view field, WireFormat format) {
  const Bytes given = c.hex(field);
  Reader r(given);
  expect(read_message_head(r) == format, std::string(field) + " has another wire format");
  T value;
  read(r, value);
  r.finish();
  if (!r.ok()) throw Mismatch(std::string(field) + ": " + r.error().message);
  expect_equal(to_message(format, value), given, std::string(field) + " encoded again");
}

}  // namespace

void verify_messages(const VectorCase& c, const Options&) {
  round_trip_message<Welcome>(c, "mls_welcome", WireFormat::welcome);
  round_trip_message<GroupInfo>(c, "mls_group_info", WireFormat::group_info);
  round_trip_message<KeyPackage>(c, "mls_key_package", WireFormat::key_package);
  round_trip_message<PublicMessage>(c, "public_message_application", WireFormat::public_message);
  round_trip_message<PublicMessage>(c, "public_message_proposal", WireFormat::public_message);
  round_trip_message<PublicMessage>(c, "public_message_commit", WireFormat::public_message);
  round_trip_message<PrivateMessage>(c, "private_message", WireFormat::private_message);
  round_trip<RatchetTree>(c, "ratchet_tree");
  round_trip<GroupSecrets>(c, "group_secrets");
  round_trip<Commit>(c, "commit");
  round_trip<Add>(c, "add_proposal");
  round_trip<Update>(c, "update_proposal");
  round_trip<Remove>(c, "remove_proposal");
  round_trip<PreSharedKey>(c, "pre_shared_key_proposal");
  round_trip<ReInit>(c, "re_init_proposal");
  round_trip<ExternalInit>(c, "external_init_proposal");
  round_trip<GroupContextExtensions>(c, "group_context_extensions_proposal");
}

namespace {

/// The two-member group of message-protection.json, whose leaf 1 speaks.
struct Protection {
  const Suite& suite;
  Bytes context;
  Bytes group_id;
  Epoch epoch;
  SignatureKeyPair keys;
  Bytes encryption_secret;
  SecretBytes sender_data_secret;
  Bytes membership_key;
  static constexpr LeafIndex kSender{1};

  explicit Protection(const VectorCase& c)
      : suite(suite_of(c)),
        group_id(c.hex("group_id")),
        epoch{c.number("epoch")},
        keys(unwrap(SignatureKeyPair::from_seed(c.hex("signature_priv")), "signature_priv")),
        encryption_secret(c.hex("encryption_secret")),
        sender_data_secret(c.hex("sender_data_secret")),
        membership_key(c.hex("membership_key")) {
    GroupContext g;
    g.cipher_suite = suite.id;
    g.group_id = group_id;
    g.epoch = epoch;
    g.tree_hash = c.hex("tree_hash");
    g.confirmed_transcript_hash = c.hex("confirmed_transcript_hash");
    context = encode(g);
    expect_equal(keys.public_key(), c.hex("signature_pub"), "signature_pub");
  }

  [[nodiscard]] SecretTree fresh_tree() const { return {suite, {2}, SecretBytes(encryption_secret)}; }

  [[nodiscard]] AuthenticatedContent open_public(ByteView message) const {
    Reader r(message);
    expect(read_message_head(r) == WireFormat::public_message, "a PublicMessage");
    PublicMessage body;
    read(r, body);
    r.finish();
    expect(r.ok(), "a public message decodes");
    AuthenticatedContent out;
    out.wire_format = WireFormat::public_message;
    out.content = body.content;
    out.auth = body.auth;
    expect(out.content.sender == Sender::member(kSender), "the sender is leaf 1");
    expect(out.content.group_id == group_id && out.content.epoch == epoch, "group and epoch of the message");
    expect_equal(membership_tag(suite, out, membership_key, context), body.membership_tag.value_or(Bytes{}),
                 "membership_tag");
    expect(verify_content(out, keys.public_key(), context), "signature of a public message");
    return out;
  }

  [[nodiscard]] AuthenticatedContent open_private(ByteView message) const {
    Reader r(message);
    expect(read_message_head(r) == WireFormat::private_message, "a PrivateMessage");
    PrivateMessage body;
    read(r, body);
    r.finish();
    expect(r.ok(), "a private message decodes");
    expect(body.group_id == group_id && body.epoch == epoch, "group and epoch of the message");
    const auto sender = unwrap(open_sender_data(suite, body, sender_data_secret), "sender data");
    expect(sender.leaf == kSender, "the sender is leaf 1");
    const auto type =
        body.content_type == ContentType::application ? RatchetType::application : RatchetType::handshake;
    const auto key = unwrap(fresh_tree().key_for(sender.leaf, type, sender.generation, {}), "message key");
    auto out = unwrap(mls::open_private(suite, body, sender, key.key), "content");
    expect(verify_content(out, keys.public_key(), context), "signature of a private message");
    return out;
  }

  [[nodiscard]] AuthenticatedContent sign(WireFormat format,
                                          std::variant<ApplicationData, Proposal, Commit> content) const {
    AuthenticatedContent out;
    out.wire_format = format;
    out.content.group_id = group_id;
    out.content.epoch = epoch;
    out.content.sender = Sender::member(kSender);
    out.content.content = std::move(content);
    sign_content(out, keys, context);
    if (out.content.as<Commit>() != nullptr) out.auth.confirmation_tag = Bytes(kHashSize, 7);
    return out;
  }

  [[nodiscard]] Bytes seal_public(const AuthenticatedContent& content) const {
    return to_message(WireFormat::public_message,
                      PublicMessage{content.content, content.auth,
                                    membership_tag(suite, content, membership_key, context)});
  }

  [[nodiscard]] Bytes seal_private(const AuthenticatedContent& content, std::size_t padding_block) const {
    SecretTree tree = fresh_tree();
    const auto type = content.content.type() == ContentType::application ? RatchetType::application
                                                                         : RatchetType::handshake;
    const MessageKey key = unwrap(tree.next(kSender, type), "message key");
    return to_message(WireFormat::private_message, mls::seal_private(suite, content, key, sender_data_secret,
                                                                     padding_block, system_random()));
  }
};

constexpr std::size_t kPaddingBlock = 300;

template <class T>
void check_handshake(const Protection& group, const VectorCase& c, const std::string& field) {
  const Bytes raw = c.hex(field);
  const T value = unwrap(parse<T>(raw), field);
  const auto check = [&](const AuthenticatedContent& content, std::string_view what) {
    const T* inside = content.content.as<T>();
    expect(inside != nullptr, field + std::string(what) + " holds another kind of content");
    expect_equal(encode(*inside), raw, field + std::string(what));
  };
  check(group.open_public(c.hex(field + "_pub")), "_pub");
  check(group.open_private(c.hex(field + "_priv")), "_priv");
  check(group.open_public(group.seal_public(group.sign(WireFormat::public_message, value))),
        " as our public message");
  const AuthenticatedContent ours = group.sign(WireFormat::private_message, value);
  check(group.open_private(group.seal_private(ours, 0)), " as our private message");
  check(group.open_private(group.seal_private(ours, kPaddingBlock)), " as our padded private message");
}

}  // namespace

void verify_message_protection(const VectorCase& c, const Options&) {
  const Protection group(c);
  check_handshake<Proposal>(group, c, "proposal");
  check_handshake<Commit>(group, c, "commit");

  const Bytes raw = c.hex("application");
  const auto check = [&](const AuthenticatedContent& content) {
    const auto* inside = content.content.as<ApplicationData>();
    expect(inside != nullptr, "application data");
    expect_equal(inside->data, raw, "application");
  };
  check(group.open_private(c.hex("application_priv")));
  const AuthenticatedContent ours = group.sign(WireFormat::private_message, ApplicationData{raw});
  check(group.open_private(group.seal_private(ours, 0)));
  check(group.open_private(group.seal_private(ours, kPaddingBlock)));
}

}  // namespace sotto::mls::vectors
