// The published test vectors, every file of each kind that is there.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "sdk/mls/tools/vectors/verifiers.hpp"

namespace sotto::mls::vectors {
namespace {

std::filesystem::path folder() {
  const char* given = std::getenv("SOTTO_MLS_VECTORS");
  return given != nullptr ? given : SOTTO_MLS_VECTORS;
}

class PublishedVectors : public testing::TestWithParam<std::string> {};

TEST_P(PublishedVectors, AllCasesOfTheKindPass) {
  if (!std::filesystem::is_directory(folder()))
    GTEST_SKIP() << "no test vectors in '" << folder().string() << "'; set SOTTO_MLS_VECTORS to their folder";
  const Verifier* verifier = find_verifier(GetParam());
  ASSERT_NE(verifier, nullptr);
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const std::string file = entry.path().string();
    if (entry.path().extension() != ".json" || find_verifier_for_file(file) != verifier) continue;
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const boost::json::value root = boost::json::parse(text);
    for (const auto& value : root.as_array()) {
      EXPECT_NO_THROW(verifier->verify(VectorCase(value), Options{})) << file << " case " << cases;
      ++cases;
    }
  }
  EXPECT_GT(cases, 0u) << "no file of this kind";
}

std::vector<std::string> kinds() {
  std::vector<std::string> out;
  for (const Verifier& v : all_verifiers())
    out.emplace_back(v.kind);
  return out;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Kind, PublishedVectors, testing::ValuesIn(kinds()), test_name);

TEST(VectorRunner, TellsTheKindByTheFileName) {
  const auto kind = [](std::string_view path) {
    const Verifier* v = find_verifier_for_file(path);
    return v == nullptr ? std::string_view() : v->kind;
  };
  EXPECT_EQ(kind("/a/tree-math.json"), "tree-math");
  EXPECT_EQ(kind("messages.json"), "messages");
  EXPECT_EQ(kind("message-protection.json"), "message-protection");
  EXPECT_EQ(kind("passive-client-random.json"), "passive-client");
  EXPECT_EQ(kind("interop-passive-external-join.json"), "passive-client");
  EXPECT_EQ(kind("treekem.json"), "treekem");
  EXPECT_EQ(kind("welcome-2.json"), "welcome");
  EXPECT_EQ(kind("tree.json"), "");
}

TEST(VectorRunner, ACaseWithAWrongValueFails) {
  const auto value = boost::json::parse(R"({"vlbytes_header": "7bbd", "length": 15294})");
  EXPECT_THROW(verify_deserialization(VectorCase(value), {}), Mismatch);
  const auto missing = boost::json::parse(R"({"length": 15293})");
  EXPECT_THROW(verify_deserialization(VectorCase(missing), {}), Mismatch);
}

}  // namespace
}  // namespace sotto::mls::vectors
