#include "server/config/file.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sotto::server {
namespace {

using testing::HasSubstr;

TEST(ConfigFile, HoldsSettingsCommentsAndLists) {
  const auto entries = parse_config_file(
      "\xEF\xBB\xBF# a comment\r\n"
      "listen = \"0.0.0.0:443\"   # another\r\n"
      "\n"
      "max_group_members=500\n"
      "  log_level = info\n"
      "data = '/var/lib/a # b'\n"
      "quoted = \"a \\\"b\\\" \\\\ c\"\n"
      "trusted_proxies = [\n"
      "  \"10.0.0.0/8\",  # ours\n"
      "  \"::1\",\n"
      "]\n"
      "none = []");
  ASSERT_TRUE(entries) << entries.error().text;
  ASSERT_EQ(entries->size(), 7u);
  const auto expect = [&](std::size_t i, const char* key, const char* value, std::size_t line) {
    EXPECT_EQ((*entries)[i].key, key);
    EXPECT_EQ((*entries)[i].value, value);
    EXPECT_EQ((*entries)[i].line, line) << key;
  };
  expect(0, "listen", "0.0.0.0:443", 2);
  expect(1, "max_group_members", "500", 4);
  expect(2, "log_level", "info", 5);
  expect(3, "data", "/var/lib/a # b", 6);
  expect(4, "quoted", "a \"b\" \\ c", 7);
  expect(5, "trusted_proxies", "10.0.0.0/8, ::1", 8);
  EXPECT_TRUE((*entries)[5].array);
  expect(6, "none", "", 12);
}

TEST(ConfigFile, MayBeEmpty) {
  for (const char* text : {"", "\n\n", "# only a comment", "   "})
    EXPECT_TRUE(parse_config_file(text)) << text;
}

struct Bad {
  std::string text;
  std::size_t line;
  const char* says;
};

class BadConfigFile : public testing::TestWithParam<Bad> {};

TEST_P(BadConfigFile, IsRefusedWithItsLineAndTheReason) {
  const auto entries = parse_config_file(GetParam().text);
  ASSERT_FALSE(entries);
  EXPECT_EQ(entries.error().line, GetParam().line);
  EXPECT_THAT(entries.error().text, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadConfigFile,
    testing::Values(Bad{"a = 1\n[server]\n", 2, "sections"}, Bad{std::string(100'000, 'x'), 1, "too long"},
                    Bad{"listen\n", 1, "listen: needs a value"}, Bad{"\n\na =\n", 3, "a: has no value"},
                    Bad{"a = \"x\nb = 1", 1, "closing \""}, Bad{"a = 'x", 1, "closing '"},
                    Bad{"a = x y\n", 1, "behind the value"}, Bad{"a = (x)\n", 1, "needs quotes"},
                    Bad{"= 5\n", 1, "begin with the name"}, Bad{"a = \"\\n\"", 1, "backslash"},
                    Bad{"a = [\"x\"\nb = 1", 2, "comma or ]"},
                    Bad{"a = 1\nl = [\"x\",\n", 3, "line 2 has no closing ]"},
                    Bad{"l = [\"a,b\"]", 1, "comma"}, Bad{"a = 1\n\na = 2\n", 3, "set already, in line 1"},
                    Bad{"a = 1\nb = \"\xFF\"\n", 2, "UTF-8"},
                    Bad{std::string("a = 1\nb = \0\n", 12), 2, "zero byte"}));

TEST(ConfigFile, CutAnywhereNeverCrashes) {
  const std::string whole = "listen = \"0.0.0.0:443\" # c\nl = [\"a\", 'b']\nx = 5\nq = \"\\\"\\\\\"\n";
  for (std::size_t length = 0; length <= whole.size(); ++length)
    (void)parse_config_file(std::string_view(whole).substr(0, length)).ok();
  EXPECT_TRUE(parse_config_file(whole));
}

}  // namespace
}  // namespace sotto::server
