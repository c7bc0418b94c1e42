#include "base/uuid.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace sotto {
namespace {

TEST(Uuid, TextRoundTripsInLowerCase) {
  const auto uuid = parse_uuid("7D0E0F5E-1f0e-4c55-9a58-5a6a4a4e0b5f");
  ASSERT_TRUE(uuid);
  EXPECT_EQ(to_string(*uuid), "7d0e0f5e-1f0e-4c55-9a58-5a6a4a4e0b5f");
}

TEST(Uuid, MalformedTextIsNothing) {
  for (const char* bad : {"", "7d0e0f5e1f0e4c559a585a6a4a4e0b5f", "7d0e0f5e-1f0e-4c55-9a58-5a6a4a4e0b5",
                          "{d0e0f5e-1f0e-4c55-9a58-5a6a4a4e0b5}", "7d0e0f5e-1f0e-4c55-9a58-5a6a4a4e0b5g",
                          "7d0e0f5-e1f0e-4c55-9a58-5a6a4a4e0b5f"})
    EXPECT_FALSE(parse_uuid(bad)) << bad;
}

TEST(Uuid, Version7SortsByTime) {
  SeededRandom random(1);
  const auto early = make_uuid_v7(from_unix_ms(1'795'480'000'000), random);
  const auto late = make_uuid_v7(from_unix_ms(1'795'480'000'001), random);
  EXPECT_LT(early, late);
  EXPECT_EQ(to_string(early)[14], '7');
  EXPECT_NE(std::string("89ab").find(to_string(early)[19]), std::string::npos);
}

}  // namespace
}  // namespace sotto
