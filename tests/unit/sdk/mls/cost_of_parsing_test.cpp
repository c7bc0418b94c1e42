// Every list that a parser reads costs in proportion to its length.
#include "sdk/mls/src/messages/framing.hpp"
#include "sdk/mls/src/messages/key_package_codec.hpp"
#include "sdk/mls/src/messages/welcome.hpp"
#include "sdk/mls/src/tree/tree_codec.hpp"
#include "tests/unit/sdk/mls/cost.hpp"
#include "tests/unit/sdk/mls/test_client.hpp"

namespace sotto::mls {
namespace {

// Each is long enough for milliseconds and short enough for a message; of extensions there are 65,535 types.
constexpr std::size_t kTypes = 16'000;
constexpr std::size_t kMany = 50'000;
constexpr std::size_t kManyLarge = 10'000;
constexpr std::size_t kManyProposals = 2'000;

template <class T>
std::function<void()> parsing(Bytes bytes) {
  return [bytes = std::move(bytes)] { ASSERT_TRUE(parse<T>(bytes)); };
}

/// `value` with a list that `fill` has put n entries into.
template <class T>
void expect_parsing_in_proportion(std::size_t entries, const std::function<void(T&, std::size_t)>& fill) {
  expect_cost_in_proportion(entries, [&](std::size_t n) {
    T value{};
    fill(value, n);
    return parsing<T>(encode(value));
  });
}

Extensions many_extensions(std::size_t n) {
  Extensions out;
  for (std::size_t i = 1; i <= n; ++i)
    out.push_back({static_cast<ExtensionType>(i), {}});
  return out;
}

TEST(CostOfParsing, ExtensionsOfAKeyPackageItsLeafAGroupAndAReinit) {
  expect_parsing_in_proportion<KeyPackage>(
      kTypes, [](KeyPackage& v, std::size_t n) { v.extensions = many_extensions(n); });
  expect_parsing_in_proportion<LeafNode>(
      kTypes, [](LeafNode& v, std::size_t n) { v.extensions = many_extensions(n); });
  expect_parsing_in_proportion<GroupInfo>(kTypes, [](GroupInfo& v, std::size_t n) {
    v.context.extensions = many_extensions(n);
    v.extensions = many_extensions(n);
  });
  expect_parsing_in_proportion<ReInit>(kTypes,
                                       [](ReInit& v, std::size_t n) { v.extensions = many_extensions(n); });
  expect_parsing_in_proportion<GroupContextExtensions>(
      kTypes, [](GroupContextExtensions& v, std::size_t n) { v.extensions = many_extensions(n); });
}

TEST(CostOfParsing, AnExtensionThatComesTwiceIsFoundAtTheSameCost) {
  expect_cost_in_proportion(kTypes, [](std::size_t n) {
    Extensions list = many_extensions(n);
    list.push_back(list.back());
    return [bytes = encode(list)] {
      ASSERT_EQ(parse<Extensions>(bytes).error().code, ErrorCode::extension_duplicate);
    };
  });
}

TEST(CostOfParsing, CapabilitiesOfALeaf) {
  expect_parsing_in_proportion<LeafNode>(kMany, [](LeafNode& v, std::size_t n) {
    v.capabilities.versions.resize(n);
    v.capabilities.cipher_suites.resize(n);
    v.capabilities.extensions.resize(n);
    v.capabilities.proposals.resize(n);
    v.capabilities.credentials.resize(n);
  });
}

TEST(CostOfParsing, CertificatesOfACredential) {
  expect_parsing_in_proportion<Credential>(kManyLarge, [](Credential& v, std::size_t n) {
    v = Credential::x509(std::vector<Bytes>(n, Bytes(3, 1)));
  });
}

TEST(CostOfParsing, ContentsOfTheExtensionsThatTheLibraryReads) {
  expect_cost_in_proportion(kMany, [](std::size_t n) {
    RequiredCapabilities required;
    required.extensions.resize(n);
    required.proposals.resize(n);
    required.credentials.resize(n);
    return [e = required.to_extension()] { ASSERT_TRUE(RequiredCapabilities::from_extension(e)); };
  });
  expect_cost_in_proportion(kManyLarge, [](std::size_t n) {
    const std::vector<ExternalSender> senders(n, {Bytes(32, 1), Credential::basic(as_bytes("a"))});
    return [e = make_external_senders(senders)] { ASSERT_TRUE(parse_external_senders(e)); };
  });
}

TEST(CostOfParsing, ProposalsAndReferencesOfACommit) {
  expect_parsing_in_proportion<Commit>(kManyProposals, [](Commit& v, std::size_t n) {
    v.proposals.assign(n, {Proposal::custom(ProposalType{0xF00D}, {1})});
  });
  expect_parsing_in_proportion<Commit>(
      kManyProposals, [](Commit& v, std::size_t n) { v.proposals.assign(n, {Bytes(32, 1)}); });
}

TEST(CostOfParsing, NodesOfAPathAndTheirCiphertexts) {
  expect_parsing_in_proportion<UpdatePath>(kManyLarge, [](UpdatePath& v, std::size_t n) {
    v.nodes.assign(n, {Bytes(32, 1), {}});
  });
  expect_parsing_in_proportion<UpdatePath>(kManyLarge, [](UpdatePath& v, std::size_t n) {
    v.nodes.resize(1);
    v.nodes[0].encrypted_path_secret.assign(n, {Bytes(32, 1), Bytes(48, 1)});
  });
}

TEST(CostOfParsing, NodesOfATreeAndTheirUnmergedLeaves) {
  expect_cost_in_proportion(4096, [](std::size_t n) {
    const std::vector<std::shared_ptr<const LeafNode>> leaves(n, std::make_shared<const LeafNode>());
    const std::vector<std::shared_ptr<const ParentNode>> parents(n - 1, std::make_shared<const ParentNode>());
    return parsing<RatchetTree>(encode(RatchetTree(leaves, parents)));
  });
  expect_parsing_in_proportion<ParentNode>(kMany,
                                           [](ParentNode& v, std::size_t n) { v.unmerged_leaves.resize(n); });
}

TEST(CostOfParsing, EntriesAndPsksOfAWelcome) {
  expect_cost_in_proportion(kManyLarge, [](std::size_t n) {
    Welcome welcome;
    for (std::size_t i = 0; i < n; ++i)
      welcome.secrets.push_back({Bytes(32, 1), {Bytes(32, 2), Bytes(64, 3)}});
    return [message = to_message(WireFormat::welcome, welcome)] {
      ASSERT_EQ(peek(message)->recipients.size() % 4, 0u);
    };
  });
  expect_parsing_in_proportion<GroupSecrets>(kManyLarge,
                                             [](GroupSecrets& v, std::size_t n) { v.psks.resize(n); });
}

}  // namespace
}  // namespace sotto::mls
