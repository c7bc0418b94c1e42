// A member who breaks the rules: takes what its library made, changes it, and signs and tags it again, so
// that exactly one rule is broken and everything in front of that rule is in order.
#pragma once

#include <functional>

#include <gtest/gtest.h>

#include "sdk/mls/src/framing.hpp"
#include "sdk/mls/src/group_state.hpp"
#include "sdk/mls/src/key_package_codec.hpp"
#include "sdk/mls/src/signature.hpp"
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

template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "accepted" : std::string(to_string(result.error().code));
}

}  // namespace sotto::mls
