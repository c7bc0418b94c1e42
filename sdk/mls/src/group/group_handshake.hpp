// Framing handshake content with the keys of the current epoch, and taking it out again.
#pragma once

#include "sdk/mls/src/group/group_state.hpp"

namespace sotto::mls {

/// Unsigned content from us to the group, in this epoch.
AuthenticatedContent own_content(const GroupState& state, HandshakeFormat format, ByteView authenticated_data,
                                 std::variant<ApplicationData, Proposal, Commit> content);
/// A signed handshake message as it goes out; an error if it is larger than what others read. Uses up a
/// generation if it is private.
Result<Bytes> frame_handshake(GroupState& state, const AuthenticatedContent& signed_content, Random& random);

/// Whether bytes of the application's together fit into a message that others still read (kMaxInput).
Result<void> check_fits(std::size_t authenticated_data, std::size_t content = 0, std::size_t padding = 0);

/// A message that opened. Its signature has been verified; the key that opened it is used up by
/// `consume_key`, which the caller does once it accepts the content.
struct OpenedMessage {
  AuthenticatedContent content;
  std::optional<PreparedKey> key;  ///< private messages
  PastEpoch* past = nullptr;       ///< set for a past epoch's application message
};
Result<OpenedMessage> open_message(GroupState& state, ByteView message, bool application_only,
                                   const Environment& env);
void consume_key(GroupState& state, OpenedMessage& opened);

ApplicationMessage take_application(GroupState& state, OpenedMessage& opened);
/// A verified commit (group_process.cpp).
Result<EpochChange> process_commit(GroupState& state, OpenedMessage& opened, const Environment& env);
/// A verified proposal.
Result<ProposalReceived> process_proposal(GroupState& state, OpenedMessage& opened, const Environment& env);
/// The cached proposals by their references, for as long as none is added or dropped.
std::map<std::string_view, const CachedProposal*> by_reference(const GroupState& state);
/// GroupConfig::max_cached_proposals
Result<void> check_cache_has_room(const GroupState& state);
void cache_proposal(GroupState& state, CachedProposal proposal);

}  // namespace sotto::mls
