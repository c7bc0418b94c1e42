// What the members of an epoch agree on (RFC 9420 §8.1), and the transcript hashes in it (§8.2).
#pragma once

#include "sdk/mls/src/codec.hpp"
#include "sdk/mls/src/crypto/suite.hpp"
#include "sotto/mls/leaf_node.hpp"

namespace sotto::mls {

struct GroupContext {
  ProtocolVersion version = ProtocolVersion::mls10;
  CipherSuite cipher_suite = kDefaultSuite;
  Bytes group_id;
  Epoch epoch;
  Bytes tree_hash;
  Bytes confirmed_transcript_hash;
  Extensions extensions;
  friend bool operator==(const GroupContext&, const GroupContext&) = default;
};
void write(Writer& w, const GroupContext& v);
void read(Reader& r, GroupContext& v);

/// Hash(interim_before || ConfirmedTranscriptHashInput); `commit_input` is wire format, content and
/// signature.
Bytes confirmed_transcript_hash(ByteView interim_before, ByteView commit_input);
Bytes interim_transcript_hash(ByteView confirmed, ByteView confirmation_tag);

}  // namespace sotto::mls
