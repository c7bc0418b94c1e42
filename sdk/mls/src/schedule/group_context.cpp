#include "sdk/mls/src/schedule/group_context.hpp"

#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/tree/leaf_node_codec.hpp"

namespace sotto::mls {

void write(Writer& w, const GroupContext& v) {
  w.u16(static_cast<std::uint16_t>(v.version));
  w.u16(static_cast<std::uint16_t>(v.cipher_suite));
  w.opaque(v.group_id);
  w.u64(v.epoch.value);
  w.opaque(v.tree_hash);
  w.opaque(v.confirmed_transcript_hash);
  write(w, v.extensions);
}

void read(Reader& r, GroupContext& v) {
  v.version = static_cast<ProtocolVersion>(r.u16());
  v.cipher_suite = static_cast<CipherSuite>(r.u16());
  v.group_id = r.opaque();
  v.epoch.value = r.u64();
  v.tree_hash = r.opaque();
  v.confirmed_transcript_hash = r.opaque();
  read(r, v.extensions);
}

Bytes confirmed_transcript_hash(ByteView interim_before, ByteView commit_input) {
  const HashValue h = hash(interim_before, commit_input);
  return {h.begin(), h.end()};
}

Bytes interim_transcript_hash(ByteView confirmed, ByteView confirmation_tag) {
  Writer tag;
  tag.opaque(confirmation_tag);
  const HashValue h = hash(confirmed, tag.view());
  return {h.begin(), h.end()};
}

}  // namespace sotto::mls
