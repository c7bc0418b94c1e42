#include "sdk/mls/tools/vectors/verifiers.hpp"

#include <bit>

namespace sotto::mls::vectors {

namespace {
constexpr Verifier kVerifiers[] = {
    {"deserialization", verify_deserialization},
    {"tree-math", verify_tree_math},
    {"crypto-basics", verify_crypto_basics},
    {"key-schedule", verify_key_schedule},
    {"psk_secret", verify_psk_secret},
    {"transcript-hashes", verify_transcript_hashes},
    {"secret-tree", verify_secret_tree},
    {"welcome", verify_welcome},
    {"messages", verify_messages},
    {"message-protection", verify_message_protection},
    {"tree-operations", verify_tree_operations},
    {"tree-validation", verify_tree_validation},
    {"treekem", verify_treekem},
    {"passive-client", verify_passive_client},
};
constexpr std::string_view kInteropPrefix = "interop-passive";
}  // namespace

std::span<const Verifier> all_verifiers() {
  return kVerifiers;
}

const Verifier* find_verifier(std::string_view kind) {
  for (const Verifier& v : kVerifiers) {
    if (v.kind == kind) return &v;
  }
  return nullptr;
}

const Verifier* find_verifier_for_file(std::string_view path) {
  std::string name(path.substr(path.find_last_of('/') + 1));
  if (name.starts_with("psk-secret")) name[3] = '_';  // the one kind that is spelled with an underscore
  if (name.starts_with(kInteropPrefix)) return find_verifier("passive-client");
  const Verifier* best = nullptr;  // the longest kind that the name begins with
  for (const Verifier& v : kVerifiers) {
    if (!name.starts_with(v.kind)) continue;
    const std::string rest = name.substr(v.kind.size());
    const bool whole_word = rest.empty() || rest[0] == '.' || rest[0] == '-' || rest[0] == '_';
    if (whole_word && (best == nullptr || v.kind.size() > best->kind.size())) best = &v;
  }
  return best;
}

const Suite& suite_of(const VectorCase& c) {
  const Suite* suite = find_suite(c.cipher_suite());
  if (suite == nullptr)
    throw Unsupported("cipher suite " + std::to_string(static_cast<unsigned>(c.cipher_suite())) +
                      " is not supported");
  return *suite;
}

LeafCount leaf_count_of(std::uint64_t n, std::string_view what) {
  expect(n <= kMaxLeaves && std::has_single_bit(n), std::string(what) + " is no size of a full tree");
  return {static_cast<std::uint32_t>(n)};
}

std::size_t derived_length_of(const VectorCase& c) {
  const std::uint64_t length = c.number("length");
  expect(length <= 255 * kHashSize, "length is more than HKDF gives");
  return length;
}

}  // namespace sotto::mls::vectors
