#include "sdk/cli/commands.hpp"

#include <gtest/gtest.h>

namespace sotto::cli {
namespace {

TEST(Commands, ACommandIsNotTakenForAName) {
  EXPECT_NE(refusal_of_name("/new +4915112345678").find("begins with /"), std::string_view::npos);
  EXPECT_FALSE(refusal_of_name("/").empty());
  EXPECT_EQ(refusal_of_name("Ann"), "");
  EXPECT_EQ(refusal_of_name("Ann/Ben"), "");
}

}  // namespace
}  // namespace sotto::cli
