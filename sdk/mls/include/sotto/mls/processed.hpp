// What a received message did, in a form an application can show.
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
  Epoch epoch;  ///< the new one; the last one that we were in, if `removed_me`
  Sender committer;
  /// In the order they were applied: updates, removes, adds, then the committer's own leaf (updated, or added
  /// if it joined by itself).
  std::vector<MemberChange> members;
  bool removed_me = false;          ///< the group is over for us: only late messages still open
  bool extensions_changed = false;  ///< GroupContext extensions were replaced
  std::vector<PskId> psks;          ///< what was mixed in
  std::optional<ReInit> reinit;     ///< the group is over; await the Welcome of its successor
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
