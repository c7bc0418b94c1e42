#include "sotto/mls/policy.hpp"

#include "sdk/mls/src/tree/leaf_node_codec.hpp"
#include "sotto/mls/proposal.hpp"

namespace sotto::mls {

Bytes Policy::client_of(const LeafNode& leaf) const {
  return leaf.signature_key;
}

Bytes Policy::identity_of(const LeafNode& leaf) const {
  return encode(leaf.credential);
}

bool Policy::allow_proposal(const Sender& sender, const Proposal&) const {
  return sender.type != SenderType::new_member_proposal;
}

bool Policy::path_required(ProposalType) const {
  return true;
}

std::optional<SecretBytes> PskSource::resumption_psk(ByteView, Epoch) const {
  return std::nullopt;
}

}  // namespace sotto::mls
