// Signing and tagging as a member does, whatever it is that is signed: for hostile members of tests and
// fuzzers.
#pragma once

#include "sdk/mls/src/group/group_state.hpp"
#include "sdk/mls/src/messages/framing.hpp"

namespace sotto::mls {

/// As `member` would send it, whatever it is.
inline Bytes sign_and_tag(const Group& member, FramedContent content,
                          const Bytes& confirmation_tag = Bytes(32, 1)) {
  const GroupState& state = member.internals();
  AuthenticatedContent signed_content;
  signed_content.content = std::move(content);
  sign_content(signed_content, state.identity.keys, state.current.context_bytes);
  if (signed_content.content.as<Commit>() != nullptr) signed_content.auth.confirmation_tag = confirmation_tag;
  PublicMessage message{signed_content.content, signed_content.auth, std::nullopt};
  if (message.content.sender.type == SenderType::member)
    message.membership_tag =
        membership_tag(*state.suite, signed_content, state.current.secrets.membership_key.view(),
                       state.current.context_bytes);
  return to_message(WireFormat::public_message, message);
}

inline FramedContent content_from(const Group& member,
                                  std::variant<ApplicationData, Proposal, Commit> content) {
  FramedContent out;
  out.group_id = member.group_id();
  out.epoch = member.epoch();
  out.sender = Sender::member(member.own_leaf());
  out.content = std::move(content);
  return out;
}

}  // namespace sotto::mls
