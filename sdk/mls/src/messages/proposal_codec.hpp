// Encoding of proposals and commits (RFC 9420 §12.1, §12.4).
#pragma once

#include "sdk/mls/src/codec.hpp"
#include "sdk/mls/src/tree/update_path.hpp"
#include "sotto/mls/proposal.hpp"

namespace sotto::mls {

void write(Writer& w, const Add& v);
void read(Reader& r, Add& v);
void write(Writer& w, const Update& v);
void read(Reader& r, Update& v);
void write(Writer& w, const Remove& v);
void read(Reader& r, Remove& v);
void write(Writer& w, const PreSharedKey& v);
void read(Reader& r, PreSharedKey& v);
void write(Writer& w, const ReInit& v);
void read(Reader& r, ReInit& v);
void write(Writer& w, const ExternalInit& v);
void read(Reader& r, ExternalInit& v);
void write(Writer& w, const GroupContextExtensions& v);
void read(Reader& r, GroupContextExtensions& v);
/// With its ProposalType.
void write(Writer& w, const Proposal& v);
void read(Reader& r, Proposal& v);

/// A proposal, or the ProposalRef of one that was sent before.
struct ProposalOrRef {
  std::variant<Proposal, Bytes> value;
  friend bool operator==(const ProposalOrRef&, const ProposalOrRef&) = default;
};
struct Commit {
  std::vector<ProposalOrRef> proposals;
  std::optional<UpdatePath> path;
  friend bool operator==(const Commit&, const Commit&) = default;
};
void write(Writer& w, const Commit& v);
void read(Reader& r, Commit& v);

}  // namespace sotto::mls
