// One verifier for each kind of published vector file (mlswg/mls-implementations, test-vectors.md).
//
//   const Verifier* v = find_verifier("tree-math");
//   for (const auto& value : cases) v->verify(VectorCase(value), options);   // throws Mismatch
#pragma once

#include <span>

#include "sdk/mls/src/crypto/suite.hpp"
#include "sdk/mls/src/tree/tree_math.hpp"
#include "sdk/mls/tools/vectors/vector_case.hpp"

namespace sotto::mls::vectors {

struct Options {
  /// Look at the lifetimes of leaves with this machine's clock. Off: several published cases have expired.
  bool check_lifetimes = false;
};

struct Verifier {
  std::string_view kind;
  void (*verify)(const VectorCase& c, const Options& options);
};

std::span<const Verifier> all_verifiers();
const Verifier* find_verifier(std::string_view kind);
/// From a file's name: "a/b/tree-math.json" and "tree-math-2.json" are of the kind tree-math;
/// "passive-client-..." and "interop-passive-..." all are passive-client.
const Verifier* find_verifier_for_file(std::string_view path);

/// Throws Unsupported for one that the library does not have.
const Suite& suite_of(const VectorCase& c);

/// Number of leaves of a full tree, as the arithmetic of trees needs it.
LeafCount leaf_count_of(std::uint64_t n, std::string_view what);
/// A length of derived secrets that HKDF can give.
std::size_t derived_length_of(const VectorCase& c);

// verify_basics.cpp
void verify_deserialization(const VectorCase& c, const Options& options);
void verify_tree_math(const VectorCase& c, const Options& options);
void verify_crypto_basics(const VectorCase& c, const Options& options);
// verify_schedule.cpp
void verify_key_schedule(const VectorCase& c, const Options& options);
void verify_psk_secret(const VectorCase& c, const Options& options);
void verify_transcript_hashes(const VectorCase& c, const Options& options);
void verify_secret_tree(const VectorCase& c, const Options& options);
void verify_welcome(const VectorCase& c, const Options& options);
// verify_messages.cpp
void verify_messages(const VectorCase& c, const Options& options);
void verify_message_protection(const VectorCase& c, const Options& options);
// verify_tree.cpp
void verify_tree_operations(const VectorCase& c, const Options& options);
void verify_tree_validation(const VectorCase& c, const Options& options);
void verify_treekem(const VectorCase& c, const Options& options);
// verify_passive.cpp
void verify_passive_client(const VectorCase& c, const Options& options);

}  // namespace sotto::mls::vectors
