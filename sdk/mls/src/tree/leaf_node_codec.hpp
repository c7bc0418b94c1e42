// Encoding and signatures of leaf nodes (RFC 9420 §7.2).
#pragma once

#include "sdk/mls/src/codec.hpp"
#include "sotto/mls/leaf_node.hpp"

namespace sotto::mls {

class SignatureKeyPair;

void write(Writer& w, const Credential& v);
void read(Reader& r, Credential& v);
void write(Writer& w, const Extensions& v);
/// Refuses two extensions of one type (§13.4).
void read(Reader& r, Extensions& v);
void write(Writer& w, const Capabilities& v);
void read(Reader& r, Capabilities& v);
void write(Writer& w, const LeafNode& v);
void read(Reader& r, LeafNode& v);

/// Where a leaf of source update or commit stands; it is part of what is signed.
struct LeafPlace {
  ByteView group_id;
  LeafIndex leaf;
};
/// `place` is not used for source key_package.
void sign_leaf(LeafNode& leaf, const SignatureKeyPair& keys, const LeafPlace& place);
bool verify_leaf_signature(const LeafNode& leaf, const LeafPlace& place);

}  // namespace sotto::mls
