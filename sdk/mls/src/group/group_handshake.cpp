#include "sdk/mls/src/group/group_handshake.hpp"

#include <algorithm>

#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/group/epoch.hpp"
#include "sdk/mls/src/state/state_records.hpp"

namespace sotto::mls {

namespace {

Error wrong_group() {
  return {ErrorCode::wrong_group, "a message to another group"};
}

/// §6.1: which kinds of content each kind of sender may send.
Result<void> check_sender_content(const FramedContent& content) {
  const auto* proposal = content.as<Proposal>();
  const Error bad{ErrorCode::content_not_allowed_for_sender,
                  "content of a kind that this kind of sender may not send"};
  switch (content.sender.type) {
    case SenderType::member:
      return {};
    case SenderType::external: {
      if (proposal == nullptr) return bad;
      const ProposalType type = proposal->type();
      if (type == ProposalType::add || type == ProposalType::remove || type == ProposalType::psk ||
          type == ProposalType::reinit || type == ProposalType::group_context_extensions)
        return {};
      return Error{ErrorCode::external_proposal_type_invalid, "an external sender may not propose this"};
    }
    case SenderType::new_member_proposal:
      if (proposal == nullptr) return bad;
      if (proposal->as<Add>() != nullptr) return {};
      return Error{ErrorCode::external_proposal_type_invalid, "a new member may only propose to add itself"};
    case SenderType::new_member_commit:
      if (content.as<Commit>() == nullptr) return bad;
      return {};
  }
  return bad;
}

/// The key the signature must verify with (§6.1).
Result<Bytes> signature_key_of(const GroupState& state, const FramedContent& content) {
  switch (content.sender.type) {
    case SenderType::member: {
      const LeafNode* leaf = state.current.tree.leaf(content.sender.leaf());
      if (leaf == nullptr) return Error{ErrorCode::sender_unknown, "the sender's leaf is blank"};
      return leaf->signature_key;
    }
    case SenderType::external: {
      const Extension* e = find_extension(state.current.context.extensions, ExtensionType::external_senders);
      if (e == nullptr) return Error{ErrorCode::external_sender_unknown, "the group has no external senders"};
      auto senders = parse_external_senders(*e);
      if (!senders) return senders.error();
      if (content.sender.index >= senders->size())
        return Error{ErrorCode::external_sender_unknown, "no external sender of that index"};
      return (*senders)[content.sender.index].signature_key;
    }
    case SenderType::new_member_proposal:
      return content.as<Proposal>()->as<Add>()->key_package.leaf_node.signature_key;
    case SenderType::new_member_commit: {
      const auto& path = content.as<Commit>()->path;
      if (!path) return Error{ErrorCode::path_missing, "an external commit without a path"};
      return path->leaf_node.signature_key;
    }
  }
  return Error{ErrorCode::sender_unknown, "sender"};
}

/// Whether a message of the epoch before is the commit that made this one, and our own: by then the group has
/// adopted it, or let itself in by it.
bool is_own_last_commit(const GroupState& state, const PublicMessage& message) {
  const auto* commit = message.content.as<Commit>();
  if (commit == nullptr || message.content.epoch.value + 1 != state.current.context.epoch.value ||
      message.auth.confirmation_tag != state.current.confirmation_tag)
    return false;
  const Sender& sender = message.content.sender;
  if (sender.type == SenderType::member) return sender.leaf() == state.self();
  const LeafNode* own = state.current.tree.leaf(state.self());
  return commit->path && own != nullptr && commit->path->leaf_node == *own;
}

Result<OpenedMessage> open_public(const GroupState& state, PublicMessage message) {
  if (message.content.group_id != state.current.context.group_id) return wrong_group();
  if (message.content.as<ApplicationData>() != nullptr)
    return Error{ErrorCode::application_data_unencrypted, "application data in a PublicMessage"};
  if (is_own_last_commit(state, message)) return Error{ErrorCode::own_message, "our own last commit"};
  if (message.content.epoch != state.current.context.epoch)
    return Error{ErrorCode::wrong_epoch,
                 "a handshake message of epoch " + std::to_string(message.content.epoch.value)};
  if (auto ok = check_sender_content(message.content); !ok) return ok.error();

  OpenedMessage out;
  out.content.wire_format = WireFormat::public_message;
  out.content.content = std::move(message.content);
  out.content.auth = std::move(message.auth);
  const Sender& sender = out.content.content.sender;
  if (sender.type == SenderType::member) {
    if (state.current.tree.leaf(sender.leaf()) == nullptr)
      return Error{ErrorCode::sender_unknown, "the sender's leaf is blank"};
    const Bytes expected = membership_tag(
        *state.suite, out.content, state.current.secrets.membership_key.view(), state.current.context_bytes);
    if (!equal_constant_time(expected, message.membership_tag.value_or(Bytes{})))
      return Error{ErrorCode::membership_tag_invalid, "membership tag"};
    if (sender.leaf() == state.self()) return Error{ErrorCode::own_message, "our own message"};
  }
  auto key = signature_key_of(state, out.content.content);
  if (!key) return key.error();
  if (!verify_content(out.content, *key, state.current.context_bytes))
    return Error{ErrorCode::signature_invalid, "signature of a public message"};
  return out;
}

PastEpoch* find_past(GroupState& state, Epoch epoch) {
  const auto at = std::find_if(state.past.begin(), state.past.end(),
                               [&](const PastEpoch& p) { return p.epoch == epoch; });
  return at == state.past.end() ? nullptr : &*at;
}

Result<OpenedMessage> open_private_message(GroupState& state, const PrivateMessage& message,
                                           const Environment& env) {
  if (message.group_id != state.current.context.group_id) return wrong_group();
  OpenedMessage out;
  // Once we are removed, our last epoch is a past one.
  const bool is_current = message.epoch == state.current.context.epoch && !state.removed;
  const bool application = message.content_type == ContentType::application;
  if (!is_current) out.past = find_past(state, message.epoch);
  if (!is_current && !application) {
    if (out.past != nullptr) {
      const auto sender = open_sender_data(*state.suite, message, out.past->sender_data);
      if (sender && sender->leaf == state.self())
        return Error{ErrorCode::own_message, "our own message of an epoch that is over"};
    }
    return Error{ErrorCode::wrong_epoch,
                 "a handshake message of epoch " + std::to_string(message.epoch.value)};
  }
  if (!is_current) {
    if (out.past == nullptr || is_older_than(out.past->ended, state.config.max_past_epoch_age, env.now()))
      return Error{ErrorCode::epoch_unavailable, "no keys of epoch " + std::to_string(message.epoch.value)};
  }
  const SecretBytes& sender_secret = is_current ? state.current.secrets.sender_data : out.past->sender_data;
  const SecretTree& messages = is_current ? state.current.messages : out.past->messages;
  const Bytes& context = is_current ? state.current.context_bytes : out.past->context_bytes;

  auto sender = open_sender_data(*state.suite, message, sender_secret);
  if (!sender) return sender.error();
  const LeafNode* leaf =
      is_current ? state.current.tree.leaf(sender->leaf) : state.past_leaf(*out.past, sender->leaf);
  if (leaf == nullptr) return Error{ErrorCode::sender_unknown, "the sender's leaf is blank"};
  if (sender->leaf == state.self()) return Error{ErrorCode::own_message, "our own message"};
  auto key = messages.key_for(sender->leaf, application ? RatchetType::application : RatchetType::handshake,
                              sender->generation, state.limits());
  if (!key) return key.error();
  auto content = open_private(*state.suite, message, *sender, key->key);
  if (!content) return content.error();
  if (!verify_content(*content, leaf->signature_key, context))
    return Error{ErrorCode::signature_invalid, "signature of a private message"};
  out.content = std::move(*content);
  out.key = std::move(*key);
  return out;
}

}  // namespace

Result<void> check_fits(std::size_t authenticated_data, std::size_t content, std::size_t padding) {
  // The other half is for what the library puts around it.
  if (authenticated_data + content + padding <= kMaxInput / 2) return {};
  return Error{ErrorCode::value_too_large, "more data than a message holds"};
}

AuthenticatedContent own_content(const GroupState& state, HandshakeFormat format, ByteView authenticated_data,
                                 std::variant<ApplicationData, Proposal, Commit> content) {
  AuthenticatedContent out;
  out.wire_format =
      format == HandshakeFormat::public_message ? WireFormat::public_message : WireFormat::private_message;
  out.content.group_id = state.current.context.group_id;
  out.content.epoch = state.current.context.epoch;
  out.content.sender = Sender::member(state.self());
  out.content.authenticated_data = to_bytes(authenticated_data);
  out.content.content = std::move(content);
  return out;
}

Result<Bytes> frame_handshake(GroupState& state, const AuthenticatedContent& signed_content, Random& random) {
  EpochState& current = state.current;
  constexpr std::size_t kFrame = 1024;  // tags and sender data; the group id is counted with the content
  if (encoded_size(signed_content) > kMaxInput - kFrame)
    return Error{ErrorCode::value_too_large, "a handshake message larger than what members read"};
  if (signed_content.wire_format == WireFormat::public_message) {
    PublicMessage message{signed_content.content, signed_content.auth, std::nullopt};
    message.membership_tag = membership_tag(*state.suite, signed_content,
                                            current.secrets.membership_key.view(), current.context_bytes);
    return to_message(WireFormat::public_message, message);
  }
  auto key = current.messages.next(state.self(), RatchetType::handshake);
  if (!key) return key.error();
  mark_ratchets(state, current.context.epoch, current.messages);
  return to_message(WireFormat::private_message,
                    seal_private(*state.suite, signed_content, *key, current.secrets.sender_data, 0, random));
}

Result<OpenedMessage> open_message(GroupState& state, ByteView message, bool application_only,
                                   const Environment& env) {
  Reader r(message);
  const WireFormat format = read_message_head(r);
  if (!r.ok()) return r.error();
  if (format == WireFormat::public_message) {
    PublicMessage body;
    read(r, body);
    r.finish();
    if (!r.ok()) return r.error();
    if (!state.active()) return Error{ErrorCode::group_not_active, "the group is over for us"};
    if (application_only && body.content.as<ApplicationData>() == nullptr)
      return Error{ErrorCode::not_application, "a handshake message"};
    return open_public(state, std::move(body));
  }
  if (format == WireFormat::private_message) {
    PrivateMessage body;
    read(r, body);
    r.finish();
    if (!r.ok()) return r.error();
    const bool application = body.content_type == ContentType::application;
    if (application_only && !application) return Error{ErrorCode::not_application, "a handshake message"};
    if (!state.active() && !application)
      return Error{ErrorCode::group_not_active, "the group is over for us"};
    return open_private_message(state, body, env);
  }
  return Error{ErrorCode::wire_format_unexpected, "neither a PublicMessage nor a PrivateMessage"};
}

void consume_key(GroupState& state, OpenedMessage& opened) {
  if (!opened.key) return;
  SecretTree& messages = opened.past != nullptr ? opened.past->messages : state.current.messages;
  const Epoch epoch = opened.past != nullptr ? opened.past->epoch : state.current.context.epoch;
  messages.consume(std::move(*opened.key), state.limits());
  opened.key.reset();
  mark_ratchets(state, epoch, messages);
}

ApplicationMessage take_application(GroupState& state, OpenedMessage& opened) {
  FramedContent& content = opened.content.content;
  const LeafIndex leaf = content.sender.leaf();
  const LeafNode& sender =
      opened.past != nullptr ? *state.past_leaf(*opened.past, leaf) : *state.current.tree.leaf(leaf);
  ApplicationMessage out;
  out.sender = content.sender.leaf();
  out.epoch = content.epoch;
  out.generation = opened.key->key.generation;
  out.credential = sender.credential;
  out.signature_key = sender.signature_key;
  out.authenticated_data = std::move(content.authenticated_data);
  out.data = std::move(std::get<ApplicationData>(content.content).data);
  consume_key(state, opened);
  return out;
}

}  // namespace sotto::mls
