// What a received message did, in a form that an application can show.
//
//   auto done = group.process(bytes, env);
//   if (auto* text = done->as<ApplicationMessage>()) show(text->data);
//   if (auto* change = done->as<EpochChange>()) for (auto& c : change->members) announce(c);
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "sotto/mls/proposal.hpp"

namespace sotto::mls {

struct ApplicationMessage {
  LeafIndex sender;
  Epoch epoch;                   ///< may be a past one
  std::uint32_t generation = 0;  ///< the sender's count within the epoch
  Credential credential;         ///< the sender's, in that epoch
  Bytes signature_key;           ///< the sender's, in that epoch
  Bytes authenticated_data;
  Bytes data;  ///< plaintext, padding removed
};

/// A valid proposal, now cached until the end of the epoch.
struct ProposalReceived {
  Bytes reference;  ///< ProposalRef
  Sender sender;
  Proposal proposal;
  Bytes authenticated_data;
};

struct MemberChange {
  enum class Kind : std::uint8_t { added, removed, updated };
  Kind kind{};
  LeafIndex leaf;
  std::optional<LeafNode> before;  ///< removed, updated
  std::optional<LeafNode> after;   ///< added, updated
};

/// A commit took effect.
struct EpochChange {
  Epoch epoch;  ///< the new one; with `removed_me`, the last one that we were in
  Sender committer;
  /// In the order of application: updates, removes, adds, then the committer's own leaf (updated, or added if
  /// it joined by an external commit).
  std::vector<MemberChange> members;
  bool removed_me = false;          ///< we are no longer a member; only late messages can still be opened
  bool extensions_changed = false;  ///< GroupContext extensions were replaced
  std::vector<PskId> psks;          ///< the PSKs of the commit
  std::optional<ReInit> reinit;     ///< the group has ended; wait for the Welcome of its successor
  std::vector<CustomProposal> custom;
  Bytes authenticated_data;
};

struct ProcessedMessage {
  std::variant<ApplicationMessage, ProposalReceived, EpochChange> what;

  template <class T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&what);
  }
};

}  // namespace sotto::mls
