// Every list that a parser reads, with as many of its smallest entries as fit: what is read takes at most so
// many times the memory that its bytes take. A server and a stranger choose the bytes; this is what they can
// make of them.
#include <functional>

#include <gtest/gtest.h>

#include "sdk/mls/src/crypto/hash.hpp"
#include "sdk/mls/src/messages/framing.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/messages/welcome.hpp"
#include "sdk/mls/src/state/record_kinds.hpp"
#include "sdk/mls/src/state/state_codec.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "sotto/mls/message.hpp"
#include "tests/unit/sdk/mls/memory_peak.hpp"

namespace sotto::mls {
namespace {

// One more than a power of two: a vector that grows has just doubled.
constexpr std::size_t kFewEntries = (1 << 12) + 1;
constexpr std::size_t kManyEntries = (1 << 16) + 1;

struct List {
  const char* name;
  Bytes input;
  std::function<bool(ByteView)> read;  ///< whether it was read, or (where that is the rule) refused
};

Bytes many(const Bytes& entry) {
  const std::size_t count = entry.size() < 16 ? kManyEntries : kFewEntries;
  Bytes out;
  for (std::size_t i = 0; i < count; ++i)
    out.insert(out.end(), entry.begin(), entry.end());
  return out;
}
Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts)
    out.insert(out.end(), part.begin(), part.end());
  return out;
}
Bytes vector_of(const Bytes& contents) {
  Writer w;
  w.opaque(contents);
  return w.take();
}

// The smallest that parse.
const Bytes kEmpty{0};
const Bytes kCredential{0, 1, 0};
const Bytes kLeaf = joined({{0, 0}, kCredential, {0, 0, 0, 0, 0}, {2}, {0, 0}});
const Bytes kKeyPackage = joined({{0, 1, 0, 1, 0}, kLeaf, {0, 0}});
const Bytes kBlankNode{0};
const Bytes kLeafInTree = joined({{1, 1}, kLeaf});
const Bytes kParentInTree{1, 2, 0, 0, 0};

template <class T>
bool reads(ByteView bytes) {
  return parse<T>(bytes).ok();
}
bool reads_and_hashes_tree(ByteView bytes) {
  const auto tree = parse<RatchetTree>(bytes);
  if (tree) (void)tree->root_hash();
  return tree.ok();
}
bool reads_change(ByteView bytes) {
  Reader r(bytes);
  EpochChange change;
  read(r, change);
  r.finish();
  return r.ok();
}

List tree_list(const char* name, const Bytes& nodes) {
  return {name, vector_of(joined({nodes, kLeafInTree})), reads_and_hashes_tree};
}
List commit_list(const char* name, const Bytes& proposal) {
  return {name, joined({vector_of(many(proposal)), {0}}), reads<Commit>};
}
List leaf_list(const char* name, const Bytes& credential, const Bytes& capabilities,
               const Bytes& extensions) {
  return {name, joined({{0, 0}, credential, capabilities, {2}, extensions, {0}}), reads<LeafNode>};
}
/// All types there are: a list holds each once.
Bytes all_extensions() {
  Writer w;
  for (std::uint32_t type = 0; type < 0x10000; ++type) {
    w.u16(static_cast<std::uint16_t>(type));
    w.opaque({});
  }
  return vector_of(w.take());
}
List change_list(const char* name, const Bytes& members, const Bytes& psks, const Bytes& custom) {
  return {name, joined({{0, 0, 0, 0, 0, 0, 0, 1}, {1, 0, 0, 0, 0}, members, {0, 0}, psks, {0}, custom, {0}}),
          reads_change};
}

std::vector<List> all_lists() {
  const Bytes no_capabilities{0, 0, 0, 0, 0};
  const Bytes code_points = vector_of(many({0, 1}));
  std::vector<List> out;
  // Just past a power of two the tree is twice as wide.
  for (const std::size_t leaves : {1 << 8, 1 << 12, 1 << 16, 1 << 17, (1 << 17) - 1, (1 << 18) - 1})
    out.push_back(tree_list("blank nodes", Bytes(2 * leaves, 0)));
  out.push_back(tree_list("parent nodes", many(joined({kBlankNode, kParentInTree}))));
  out.push_back(tree_list("leaves", many(joined({kLeafInTree, kBlankNode}))));
  out.push_back(
      tree_list("unmerged leaves", joined({kBlankNode, {1, 2, 0, 0}, vector_of(many({0, 0, 0, 1}))})));
  out.push_back(commit_list("proposals by reference", {2, 0}));
  out.push_back(commit_list("Adds", joined({{1, 0, 1}, kKeyPackage})));
  out.push_back(commit_list("Updates", joined({{1, 0, 2}, kLeaf})));
  out.push_back(commit_list("Removes", {1, 0, 3, 0, 0, 0, 0}));
  out.push_back(commit_list("PreSharedKeys", {1, 0, 4, 1, 0, 0}));
  out.push_back(commit_list("ReInits", {1, 0, 5, 0, 0, 1, 0, 1, 0}));
  out.push_back(commit_list("ExternalInits", {1, 0, 6, 0}));
  out.push_back(commit_list("GroupContextExtensions", {1, 0, 7, 0}));
  out.push_back(commit_list("custom proposals", {1, 0xF0, 1, 0}));
  out.push_back({"path nodes", joined({{0, 1}, kLeaf, vector_of(many({0, 0}))}), reads<Commit>});
  out.push_back({"ciphertexts of a path node",
                 joined({{0, 1}, kLeaf, vector_of(joined({{0}, vector_of(many({0, 0}))}))}), reads<Commit>});
  out.push_back(leaf_list("certificates", joined({{0, 2}, vector_of(many(kEmpty))}), no_capabilities, {0}));
  for (int list = 0; list < 5; ++list) {
    Bytes capabilities;
    for (int i = 0; i < 5; ++i)
      capabilities = joined({capabilities, i == list ? code_points : kEmpty});
    out.push_back(leaf_list("capabilities", kCredential, capabilities, {0}));
  }
  out.push_back(leaf_list("extensions of a leaf", kCredential, no_capabilities, all_extensions()));
  out.push_back({"extensions", all_extensions(), reads<Extensions>});
  out.push_back({"external senders", vector_of(many(joined({{0}, kCredential}))), [](ByteView bytes) {
                   return parse_external_senders({ExtensionType::external_senders, to_bytes(bytes)}).ok();
                 }});
  for (int list = 0; list < 3; ++list) {
    Bytes required;
    for (int i = 0; i < 3; ++i)
      required = joined({required, i == list ? code_points : kEmpty});
    out.push_back({"required capabilities", required, [](ByteView bytes) {
                     return RequiredCapabilities::from_extension(
                                {ExtensionType::required_capabilities, to_bytes(bytes)})
                         .ok();
                   }});
  }
  out.push_back({"secrets of a Welcome", joined({{0, 1}, vector_of(many({0, 0, 0})), {0}}), reads<Welcome>});
  out.push_back({"PSKs of a Welcome", joined({{0}, {0}, vector_of(many({1, 0, 0}))}), reads<GroupSecrets>});
  out.push_back(change_list("members added", vector_of(many(joined({{0, 0, 0, 0, 1}, {0}, {1}, kLeaf}))),
                            kEmpty, kEmpty));
  out.push_back(change_list("members removed", vector_of(many(joined({{1, 0, 0, 0, 1}, {1}, kLeaf, {0}}))),
                            kEmpty, kEmpty));
  out.push_back(change_list("PSKs of a change", kEmpty, vector_of(many({1, 0, 0})), kEmpty));
  out.push_back(change_list("custom proposals of a change", kEmpty, kEmpty, vector_of(many({0xF0, 1, 0}))));
  return out;
}

TEST(ParserMemory, WhatIsReadTakesAtMostSoManyTimesTheMemoryOfItsBytes) {
  for (const List& list : all_lists()) {
    const MemoryPeak memory;
    EXPECT_TRUE(list.read(list.input)) << list.name << " does not parse";
    EXPECT_LE(memory.bytes(), kMemoryPerInputByte * list.input.size()) << list.name;
    RecordProperty(list.name, std::to_string(memory.bytes() / list.input.size()));
  }
}

TEST(ParserMemory, ATreeOfMoreNodesThanAnyGroupHasIsRefused) {
  const auto read = [](std::size_t blanks) {
    const auto tree = parse<RatchetTree>(vector_of(joined({Bytes(blanks, 0), kLeafInTree})));
    return tree ? std::string("read") : std::string(to_string(tree.error().code));
  };
  EXPECT_EQ(read(2 * kMaxLeaves - 2), "read");
  EXPECT_EQ(read(2 * kMaxLeaves), "value_too_large");
  EXPECT_EQ(read(std::size_t{1} << 24), "value_too_large");
}

}  // namespace
}  // namespace sotto::mls
