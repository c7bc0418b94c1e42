#include "sotto/mls/proposal.hpp"

#include "base/random.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/messages/proposal_codec.hpp"
#include "sdk/mls/src/schedule/key_schedule.hpp"
#include "sdk/mls/src/tree/leaf_node_codec.hpp"

namespace sotto::mls {

namespace {
constexpr std::uint8_t kByValue = 1;
constexpr std::uint8_t kByReference = 2;

Bytes fresh_nonce(Random& random) {
  Bytes nonce(kHashSize);
  random.fill(nonce);
  return nonce;
}

template <class T>
void read_as(Reader& r, Proposal& v) {
  T content;
  read(r, content);
  v.content = std::move(content);
}
}  // namespace

ProposalType Proposal::type() const {
  if (const auto* custom = as<CustomProposal>()) return custom->type;
  // The alternatives stand in the order of the registry (§17.4).
  return static_cast<ProposalType>(content.index() + 1);
}

PskId PskId::external(ByteView psk_id, Random& random) {
  PskId id;
  id.external_id = to_bytes(psk_id);
  id.nonce = fresh_nonce(random);
  return id;
}

PskId PskId::resumption(ByteView group_id, Epoch epoch, Random& random) {
  PskId id;
  id.type = PskType::resumption;
  id.group_id = to_bytes(group_id);
  id.epoch = epoch;
  id.nonce = fresh_nonce(random);
  return id;
}

void write(Writer& w, const Add& v) {
  write(w, v.key_package);
}
void read(Reader& r, Add& v) {
  read(r, v.key_package);
}
void write(Writer& w, const Update& v) {
  write(w, v.leaf_node);
}
void read(Reader& r, Update& v) {
  read(r, v.leaf_node);
}
void write(Writer& w, const Remove& v) {
  w.u32(v.removed.value);
}
void read(Reader& r, Remove& v) {
  v.removed.value = r.u32();
}
void write(Writer& w, const PreSharedKey& v) {
  write(w, v.psk);
}
void read(Reader& r, PreSharedKey& v) {
  read(r, v.psk);
}

void write(Writer& w, const ReInit& v) {
  w.opaque(v.group_id);
  w.u16(static_cast<std::uint16_t>(v.version));
  w.u16(static_cast<std::uint16_t>(v.cipher_suite));
  write(w, v.extensions);
}
void read(Reader& r, ReInit& v) {
  v.group_id = r.opaque();
  v.version = static_cast<ProtocolVersion>(r.u16());
  v.cipher_suite = static_cast<CipherSuite>(r.u16());
  read(r, v.extensions);
}

void write(Writer& w, const ExternalInit& v) {
  w.opaque(v.kem_output);
}
void read(Reader& r, ExternalInit& v) {
  v.kem_output = r.opaque();
}
void write(Writer& w, const GroupContextExtensions& v) {
  write(w, v.extensions);
}
void read(Reader& r, GroupContextExtensions& v) {
  read(r, v.extensions);
}

void write(Writer& w, const Proposal& v) {
  w.u16(static_cast<std::uint16_t>(v.type()));
  if (const auto* custom = v.as<CustomProposal>()) {
    w.opaque(custom->data);
    return;
  }
  std::visit(
      [&](const auto& content) {
        if constexpr (requires { content.get(); }) {
          write(w, *content.get());
        } else if constexpr (!std::is_same_v<std::decay_t<decltype(content)>, CustomProposal>) {
          write(w, content);
        }
      },
      v.content);
}

void read(Reader& r, Proposal& v) {
  const auto type = static_cast<ProposalType>(r.u16());
  switch (type) {
    case ProposalType::add:
      return read_as<Add>(r, v);
    case ProposalType::update:
      return read_as<Update>(r, v);
    case ProposalType::remove:
      return read_as<Remove>(r, v);
    case ProposalType::psk:
      return read_as<PreSharedKey>(r, v);
    case ProposalType::reinit:
      return read_as<ReInit>(r, v);
    case ProposalType::external_init:
      return read_as<ExternalInit>(r, v);
    case ProposalType::group_context_extensions:
      return read_as<GroupContextExtensions>(r, v);
  }
  v.content = CustomProposal{type, r.opaque()};
}

void write(Writer& w, const Commit& v) {
  w.vector([&] {
    for (const ProposalOrRef& p : v.proposals) {
      if (const auto* proposal = std::get_if<Proposal>(&p.value)) {
        w.u8(kByValue);
        write(w, *proposal);
      } else {
        w.u8(kByReference);
        w.opaque(std::get<Bytes>(p.value));
      }
    }
  });
  w.optional(v.path, [&](const UpdatePath& path) { write(w, path); });
}

void read(Reader& r, Commit& v) {
  v.proposals.clear();
  r.vector([&] {
    const std::uint8_t kind = r.u8();
    if (kind == kByValue) {
      Proposal proposal;
      read(r, proposal);
      v.proposals.push_back({std::move(proposal)});
    } else if (kind == kByReference) {
      v.proposals.push_back({r.opaque()});
    } else {
      r.fail(ErrorCode::enum_invalid, "ProposalOrRefType");
    }
  });
  v.path.reset();
  if (r.present()) read(r, v.path.emplace());
}

}  // namespace sotto::mls
