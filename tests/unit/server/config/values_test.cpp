#include "server/config/values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sotto::server {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Duration, IsANumberAndAUnit) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("5 m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("2d"), 48h);
  EXPECT_EQ(parse_duration("0"), 0ms);
}

TEST(Duration, RefusesAMissingOrUnknownUnitASignAndAnOverflow) {
  for (const char* text : {"", "90", "s", "-5s", "+5s", "1.5h", "5 weeks", "5S", "99999999999999999999s",
                           "9223372036854775807d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, IsWrittenInTheLargestWholeUnit) {
  for (const char* text : {"500ms", "60s", "90s", "5m", "1h", "2d", "61s"})
    EXPECT_EQ(format_duration(*parse_duration(text)), text);
}

TEST(Size, IsANumberOfBytesWithOrWithoutUnit) {
  EXPECT_EQ(parse_size("65536"), 65536u);
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("1 MiB"), 1048576u);
  EXPECT_EQ(parse_size("2GiB"), 2147483648u);
  EXPECT_EQ(format_size(65536), "64KiB");
  EXPECT_EQ(format_size(1000), "1000B");
}

TEST(Size, RefusesAnUnknownUnit) {
  for (const char* text : {"", "KiB", "1KB", "1k", "-1", "1.5MiB", "99999999999GiB"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Truth, IsTrueOrFalse) {
  EXPECT_EQ(parse_truth("true"), true);
  EXPECT_EQ(parse_truth("0"), false);
  EXPECT_EQ(parse_truth("maybe"), std::nullopt);
}

TEST(List, IsSplitAtCommas) {
  EXPECT_THAT(split_list(" a, b,,c "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split_list("  "), IsEmpty());
}

}  // namespace
}  // namespace sotto::server
