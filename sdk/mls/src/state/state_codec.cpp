#include "sdk/mls/src/state/state_codec.hpp"

namespace sotto::mls {

namespace {
SecretBytes EpochSecrets::*const kSecrets[] = {&EpochSecrets::sender_data,
                                               &EpochSecrets::exporter,
                                               &EpochSecrets::external,
                                               &EpochSecrets::confirmation_key,
                                               &EpochSecrets::membership_key,
                                               &EpochSecrets::resumption_psk,
                                               &EpochSecrets::epoch_authenticator,
                                               &EpochSecrets::init};

void write_leaf(Writer& w, const std::optional<LeafNode>& leaf) {
  w.optional(leaf, [&](const LeafNode& node) { write(w, node); });
}
void read_leaf(Reader& r, std::optional<LeafNode>& leaf) {
  leaf.reset();
  if (r.present()) read(r, leaf.emplace());
}
}  // namespace

void write(Writer& w, const EpochSecrets& v) {
  for (auto secret : kSecrets)
    w.raw((v.*secret).view());
}

void read(Reader& r, EpochSecrets& v) {
  for (auto secret : kSecrets)
    v.*secret = SecretBytes(r.raw(kHashSize));
}

void write(Writer& w, const Sender& v) {
  w.u8(static_cast<std::uint8_t>(v.type));
  w.u32(v.index);
}

void read(Reader& r, Sender& v) {
  v.type = static_cast<SenderType>(r.u8());
  v.index = r.u32();
  if (r.ok() && (v.type < SenderType::member || v.type > SenderType::new_member_commit))
    r.fail(ErrorCode::enum_invalid, "SenderType");
}

void write_identity(Writer& w, const Identity& v) {
  write(w, v.credential);
  w.opaque(v.keys.seed().view());
  write(w, v.capabilities);
  write(w, v.leaf_extensions);
}

std::optional<Identity> read_identity(Reader& r) {
  Credential credential;
  read(r, credential);
  auto keys = SignatureKeyPair::from_seed(r.opaque_view());
  if (!keys) {
    r.fail(ErrorCode::state_malformed, "signature key");
    return std::nullopt;
  }
  Identity out{std::move(credential), std::move(*keys), {}, {}};
  read(r, out.capabilities);
  read(r, out.leaf_extensions);
  return out;
}

void write(Writer& w, const EpochChange& v) {
  w.u64(v.epoch.value);
  write(w, v.committer);
  w.vector([&] {
    for (const MemberChange& c : v.members) {
      w.u8(static_cast<std::uint8_t>(c.kind));
      w.u32(c.leaf.value);
      write_leaf(w, c.before);
      write_leaf(w, c.after);
    }
  });
  w.u8(v.removed_me ? 1 : 0);
  w.u8(v.extensions_changed ? 1 : 0);
  w.vector([&] {
    for (const PskId& id : v.psks)
      write(w, id);
  });
  w.optional(v.reinit, [&](const ReInit& reinit) { write(w, reinit); });
  w.vector([&] {
    for (const CustomProposal& p : v.custom) {
      w.u16(static_cast<std::uint16_t>(p.type));
      w.opaque(p.data);
    }
  });
  w.opaque(v.authenticated_data);
}

void read(Reader& r, EpochChange& v) {
  v.epoch.value = r.u64();
  read(r, v.committer);
  r.vector([&] {
    MemberChange c;
    c.kind = static_cast<MemberChange::Kind>(r.u8());
    if (c.kind > MemberChange::Kind::updated) r.fail(ErrorCode::enum_invalid, "kind of change");
    c.leaf.value = r.u32();
    read_leaf(r, c.before);
    read_leaf(r, c.after);
    if (c.before.has_value() != (c.kind != MemberChange::Kind::added) ||
        c.after.has_value() != (c.kind != MemberChange::Kind::removed))
      r.fail(ErrorCode::state_malformed, "leaves of a change");
    v.members.push_back(std::move(c));
  });
  v.removed_me = r.present();
  v.extensions_changed = r.present();
  r.vector([&] { read(r, v.psks.emplace_back()); });
  if (r.present()) read(r, v.reinit.emplace());
  r.vector([&] {
    CustomProposal p;
    p.type = static_cast<ProposalType>(r.u16());
    p.data = r.opaque();
    v.custom.push_back(std::move(p));
  });
  v.authenticated_data = r.opaque();
}

}  // namespace sotto::mls
