// A member who breaks the rules: takes what its library made, changes it, and signs and tags it again, so
// that exactly one rule is broken and everything in front of that rule is in order.
#pragma once

#include <functional>

#include <gtest/gtest.h>

#include "sdk/mls/src/key_package_codec.hpp"
#include "sdk/mls/src/signature.hpp"
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

template <class T>
std::string outcome(const Result<T>& result) {
  return result ? "accepted" : std::string(to_string(result.error().code));
}

}  // namespace sotto::mls
