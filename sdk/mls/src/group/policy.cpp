#include "sotto/mls/policy.hpp"

#include "sotto/mls/proposal.hpp"

namespace sotto::mls {

bool Policy::same_client(const LeafNode& a, const LeafNode& b) const {
  return a.signature_key == b.signature_key;
}

bool Policy::same_identity(const LeafNode& a, const LeafNode& b) const {
  return a.credential == b.credential;
}

bool Policy::allow_proposal(const Sender& sender, const Proposal&) const {
  return sender.type != SenderType::new_member_proposal;
}

bool Policy::knows_group(ByteView) const {
  return false;
}

bool Policy::path_required(ProposalType) const {
  return true;
}

std::optional<SecretBytes> PskSource::resumption_psk(ByteView, Epoch) const {
  return std::nullopt;
}

}  // namespace sotto::mls
