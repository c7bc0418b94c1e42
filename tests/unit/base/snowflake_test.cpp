#include "base/snowflake.hpp"

#include <gtest/gtest.h>

namespace sotto {
namespace {

const Timestamp kNow = from_unix_ms(1'795'480'000'000);

TEST(Snowflake, CarriesItsTimeNodeAndSequence) {
  SnowflakeGenerator ids(5);
  const auto id = ids.next(kNow);
  EXPECT_EQ(snowflake_time(id), kNow);
  EXPECT_EQ(id >> 12 & 1023, 5u);
  EXPECT_EQ(id & 4095, 0u);
  EXPECT_EQ(ids.next(kNow), id + 1);
}

TEST(Snowflake, RisesStrictlyWhenTheClockStandsStepsBackOrJumps) {
  SnowflakeGenerator ids(1023);
  std::uint64_t last = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto jump = Milliseconds{i % 7 == 0 ? -5'000 : i % 11};
    const auto id = ids.next(kNow + jump);
    ASSERT_GT(id, last);
    ASSERT_EQ(id >> 12 & 1023, 1023u);
    last = id;
  }
}

TEST(Snowflake, ResumesAboveAnIdOfAnotherNode) {
  SnowflakeGenerator other(9);
  const auto theirs = other.next(kNow + Milliseconds{1000});
  SnowflakeGenerator ids(3);
  ids.resume_after(theirs);
  EXPECT_GT(ids.next(kNow), theirs);
  EXPECT_EQ(ids.last() >> 12 & 1023, 3u);
}

TEST(Snowflake, FloorIsTheFirstIdOfItsMillisecond) {
  SnowflakeGenerator ids(0);
  EXPECT_EQ(ids.next(kNow), snowflake_floor(kNow));
  EXPECT_EQ(snowflake_floor(from_unix_ms(0)), 0u);
}

}  // namespace
}  // namespace sotto
