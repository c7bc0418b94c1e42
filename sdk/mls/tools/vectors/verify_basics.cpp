#include "base/random.hpp"
#include "sdk/mls/src/codec.hpp"
#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/crypto/hpke.hpp"
#include "sdk/mls/src/crypto/signature.hpp"
#include "sdk/mls/src/tree/tree_math.hpp"
#include "sdk/mls/tools/vectors/verifiers.hpp"

namespace sotto::mls::vectors {

void verify_deserialization(const VectorCase& c, const Options&) {
  const Bytes header = c.hex("vlbytes_header");
  Reader r(header);
  const std::size_t length = r.length();
  r.finish();
  expect(r.ok(), "the header does not decode");
  expect(length == c.number("length"), "length");
  Writer w;
  w.length(length);
  expect_equal(w.view(), header, "encoded again");
}

void verify_tree_math(const VectorCase& c, const Options&) {
  const LeafCount leaves = leaf_count_of(c.number("n_leaves"), "n_leaves");
  expect(node_count(leaves) == c.number("n_nodes"), "n_nodes");
  expect(root(leaves).value == c.number("root"), "root");
  const auto check = [&](std::string_view field, NodeIndex x, std::optional<NodeIndex> actual) {
    const auto& list = c.array(field);
    expect(list.size() == node_count(leaves), std::string(field) + " has an entry for each node");
    const auto& entry = list[x.value];
    const std::string what = std::string(field) + "[" + std::to_string(x.value) + "]";
    if (entry.is_null()) return expect(!actual, what);
    expect(actual && actual->value == number_of(entry, field), what);
  };
  using Index = std::optional<NodeIndex>;
  for (NodeIndex x{0}; x.value < node_count(leaves); ++x.value) {
    const bool top = x == root(leaves);
    check("left", x, is_leaf(x) ? Index() : left(x));
    check("right", x, is_leaf(x) ? Index() : right(x));
    check("parent", x, top ? Index() : parent(x));
    check("sibling", x, top ? Index() : sibling(x));
  }
}

namespace {

void verify_signing(const VectorCase& c) {
  const auto keys = unwrap(SignatureKeyPair::from_seed(c.hex("priv")), "priv");
  expect_equal(keys.public_key(), c.hex("pub"), "pub");
  const std::string label = c.text("label");
  const Bytes content = c.hex("content");
  expect(verify_with_label(c.hex("pub"), label, content, c.hex("signature")), "the signature verifies");
  const Bytes signature = sign_with_label(keys, label, content);
  expect_equal(signature, c.hex("signature"), "our signature");
}

void verify_encryption(const Suite& suite, const VectorCase& c) {
  const auto keys = unwrap(hpke_key_pair_from_private(suite, c.hex("priv")), "priv");
  expect_equal(keys.public_key, c.hex("pub"), "pub");
  const HpkeInfo info = label_info(suite, c.text("label"), c.hex("context"));
  const HpkeCiphertext given{c.hex("kem_output"), c.hex("ciphertext")};
  expect_equal(unwrap(hpke_open(suite, keys, info, given), "decrypt").view(), c.hex("plaintext"),
               "plaintext");
  const auto ours =
      unwrap(hpke_seal(suite, c.hex("pub"), info, c.hex("plaintext"), system_random()), "encrypt");
  expect_equal(unwrap(hpke_open(suite, keys, info, ours), "decrypt ours").view(), c.hex("plaintext"),
               "our plaintext");
}

}  // namespace

void verify_crypto_basics(const VectorCase& c, const Options&) {
  const Suite& suite = suite_of(c);
  const VectorCase ref = c.object("ref_hash");
  expect_equal(ref_hash(suite, ref.text("label"), ref.hex("value")), ref.hex("out"), "ref_hash");

  const VectorCase expand = c.object("expand_with_label");
  expect_equal(expand_with_label(suite, expand.hex("secret"), expand.text("label"), expand.hex("context"),
                                 derived_length_of(expand))
                   .view(),
               expand.hex("out"), "expand_with_label");

  const VectorCase derive = c.object("derive_secret");
  expect_equal(mls::derive_secret(suite, derive.hex("secret"), derive.text("label")).view(),
               derive.hex("out"), "derive_secret");

  const VectorCase tree = c.object("derive_tree_secret");
  expect_equal(derive_tree_secret(suite, tree.hex("secret"), tree.text("label"), tree.number32("generation"),
                                  derived_length_of(tree))
                   .view(),
               tree.hex("out"), "derive_tree_secret");

  verify_signing(c.object("sign_with_label"));
  verify_encryption(suite, c.object("encrypt_with_label"));
}

}  // namespace sotto::mls::vectors
