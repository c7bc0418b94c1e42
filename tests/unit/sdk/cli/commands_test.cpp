#include "sdk/cli/commands.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "sdk/cli/output.hpp"

namespace sotto::cli {
namespace {

TEST(Commands, ACommandIsNotTakenForAName) {
  EXPECT_NE(refusal_of_name("/new +4915112345678").find("begins with /"), std::string_view::npos);
  EXPECT_FALSE(refusal_of_name("/").empty());
  EXPECT_EQ(refusal_of_name("Ann"), "");
  EXPECT_EQ(refusal_of_name("Ann/Ben"), "");
}

TEST(Commands, ACodeOnTheCommandLineIsForThisMachineAlone) {
  EXPECT_EQ(*sign_in_code({.code = "123456", .code_file = ""}, true), "123456");
  const auto refused = sign_in_code({.code = "123456", .code_file = ""}, false);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("--code-file"), std::string::npos);
}

TEST(Commands, ACodeIsReadFromAFileOrTheEnvironment) {
  const std::string path = ::testing::TempDir() + "sotto-code-" + std::to_string(::getpid());
  std::ofstream(path) << " 123456 \nmore\n";
  EXPECT_EQ(*sign_in_code({.code = "", .code_file = path}, false), "123456");
  std::filesystem::remove(path);
  EXPECT_FALSE(sign_in_code({.code = "", .code_file = path}, false).ok());
  EXPECT_EQ(*sign_in_code({}, false), "");
  ::setenv("SOTTO_CODE", "654321", 1);
  EXPECT_EQ(*sign_in_code({}, false), "654321");
  ::unsetenv("SOTTO_CODE");
}

TEST(Commands, SomebodyElsesTextIsOneShortLineWithoutEscapes) {
  const std::string text = brief("\x1b]52;c;aGk=\x07\x1b[2J\nsotto: all is well" + std::string(3'000, 'x'));
  EXPECT_LT(text.size(), 400u);
  EXPECT_EQ(text.find_first_of("\x1b\x07\n"), std::string::npos);
}

}  // namespace
}  // namespace sotto::cli
