// Test vectors, every file of each kind that is there: those of this tree (tests/vectors/mls), and the
// working group's where SOTTO_MLS_VECTORS names their folder.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <gtest/gtest.h>

#include "sdk/mls/tools/vectors/runner.hpp"

namespace sotto::mls::vectors {
namespace {

/// Plays every case of the kind that the folder has, and says how many there were.
std::size_t play(const std::filesystem::path& folder, const Verifier* verifier) {
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string file = entry.path().string();
    if (entry.path().extension() != ".json" || find_verifier_for_file(file) != verifier) continue;
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const boost::json::value root = boost::json::parse(text);
    for (const auto& value : root.as_array()) {
      FieldLog looked_at;
      EXPECT_NO_THROW(verifier->verify(VectorCase(value, &looked_at), Options{}))
          << file << " case " << cases;
      EXPECT_EQ(fields_not_in(looked_at, value), std::vector<std::string>{}) << file << " case " << cases;
      ++cases;
    }
  }
  return cases;
}

class Vectors : public testing::TestWithParam<std::string> {};

TEST_P(Vectors, AllCasesOfTheKindPass) {
  const Verifier* verifier = find_verifier(GetParam());
  ASSERT_NE(verifier, nullptr);
  EXPECT_GT(play(SOTTO_VECTORS, verifier), 0u) << "no file of this kind in " << SOTTO_VECTORS;
  const char* named = std::getenv("SOTTO_MLS_VECTORS");
  const std::string published = named != nullptr ? named : SOTTO_MLS_VECTORS;
  if (published.empty()) return;
  ASSERT_TRUE(std::filesystem::is_directory(published)) << "SOTTO_MLS_VECTORS is no folder: " << published;
  EXPECT_GT(play(published, verifier), 0u) << "no file of this kind in " << published;
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

INSTANTIATE_TEST_SUITE_P(Kind, Vectors, testing::ValuesIn(kinds()), test_name);

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
  EXPECT_EQ(kind("psk-secret.json"), "psk_secret");
}

/// What the program does with a file of that name and contents.
struct Played {
  Played(const std::string& name, const std::string& contents, std::string_view kind = {}) {
    const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "mls-vector-runner";
    std::filesystem::create_directories(folder);
    const std::filesystem::path file = folder / name;
    std::ofstream(file, std::ios::binary) << contents;
    std::ostringstream out;
    std::ostringstream err;
    outcome = run_file(file.string(), kind, {}, out, err);
    std::filesystem::remove(file);
    text = out.str() + err.str();
  }
  [[nodiscard]] bool says(std::string_view what) const { return text.find(what) != std::string::npos; }
  Outcome outcome{};
  std::string text;
};

constexpr const char* kGoodHeader = R"({"vlbytes_header": "7bbd", "length": 15293})";
constexpr const char* kBadHeader = R"({"vlbytes_header": "7bbd", "length": 15294})";

std::string array_of(std::initializer_list<const char*> cases) {
  std::string out;
  for (const char* c : cases)
    out += std::string(out.empty() ? "[" : ", ") + c;
  return out + "]";
}

TEST(VectorRunner, PrintsALineForEachCaseAndFailsIfOneDoes) {
  const Played good("deserialization.json", array_of({kGoodHeader, kGoodHeader}));
  EXPECT_EQ(good.outcome, Outcome::passed);
  EXPECT_TRUE(good.says("ok   ") && good.says("[1]\n") && good.says("2 of 2 cases passed")) << good.text;
  const Played bad("deserialization.json", array_of({kGoodHeader, kBadHeader}));
  EXPECT_EQ(bad.outcome, Outcome::case_failed);
  EXPECT_TRUE(bad.says("[0]\nFAIL ") && bad.says("1 of 2 cases passed")) << bad.text;
  EXPECT_EQ(Played("one.json", kGoodHeader, "deserialization").outcome, Outcome::passed)
      << "without an array";
}

TEST(VectorRunner, SkipsCasesOfSuitesThatTheLibraryDoesNotHave) {
  const Played run("psk_secret.json", R"([{"cipher_suite": 2, "psks": [], "psk_secret": ""},
      {"cipher_suite": 1, "psks": [],
       "psk_secret": "0000000000000000000000000000000000000000000000000000000000000000"}])");
  EXPECT_EQ(run.outcome, Outcome::passed);
  EXPECT_TRUE(run.says("skip ") && run.says("cipher suite 2 is not supported")) << run.text;
  EXPECT_TRUE(run.says("1 of 2 cases passed, 1 skipped")) << run.text;
}

TEST(VectorRunner, SaysWhatIsWrongWithAFile) {
  const auto is_bad = [](const Played& run, std::string_view why) {
    EXPECT_EQ(run.outcome, Outcome::bad_input) << run.text;
    EXPECT_TRUE(run.says(why)) << run.text;
  };
  is_bad(Played("nothing-known.json", array_of({kGoodHeader})), "use --kind");
  is_bad(Played("deserialization.json", array_of({kGoodHeader}), "no-such-kind"), "there is no kind");
  is_bad(Played("deserialization.json", ""), "is not JSON");
  is_bad(Played("deserialization.json", R"([{"vlbytes_header": "7bbd")"), "is not JSON");
  is_bad(Played("deserialization.json", "[]"), "has no cases");
  is_bad(Played("deserialization.json", "17"), "is not a JSON array");
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_file("/nowhere/treekem.json", {}, {}, out, err), Outcome::bad_input);
  EXPECT_NE(err.str().find("cannot be opened"), std::string::npos);
}

TEST(VectorRunner, AMalformedCaseIsAFailureAndNoCrash) {
  const auto fails = [](std::string_view kind, const std::string& value) {
    const Played run("case.json", "[" + value + "]", kind);
    EXPECT_EQ(run.outcome, Outcome::case_failed) << kind << ": " << run.text;
  };
  for (const Verifier& v : all_verifiers()) {
    for (const char* value : {"{}", "17", "null", "[]", R"({"cipher_suite": "one"})",
                              R"({"cipher_suite": 1, "epochs": 3, "leaves": {}, "psks": "x", "tree": 5})"})
      fails(v.kind, value);
  }
  for (const char* leaves : {"0", "3", "4294967295", "18446744073709551615", "-1", "1.5"})
    fails("tree-math",
          std::string(R"({"n_leaves": )") + leaves +
              R"(, "n_nodes": 5, "root": 1, "left": [], "right": [], "parent": [], "sibling": []})");
  fails("secret-tree", R"({"cipher_suite": 1, "encryption_secret": "00",
      "sender_data": {"sender_data_secret": "", "ciphertext": "", "key": "", "nonce": ""}, "leaves": [[], [], []]})");
  fails("deserialization", R"({"vlbytes_header": "7bb", "length": 15293})");
  fails("deserialization", R"({"vlbytes_header": "c0", "length": 0})");
}

TEST(VectorRunner, ACaseWithAWrongValueFails) {
  const auto value = boost::json::parse(R"({"vlbytes_header": "7bbd", "length": 15294})");
  EXPECT_THROW(verify_deserialization(VectorCase(value), {}), Mismatch);
  const auto missing = boost::json::parse(R"({"length": 15293})");
  EXPECT_THROW(verify_deserialization(VectorCase(missing), {}), Mismatch);
}

}  // namespace
}  // namespace sotto::mls::vectors
