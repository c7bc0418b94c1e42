#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace sotto {
namespace {

TEST(Bytes, HexRoundTrips) {
  const Bytes bytes{0x00, 0x7F, 0x80, 0xFF};
  EXPECT_EQ(to_hex(bytes), "007f80ff");
  EXPECT_EQ(from_hex("007F80fF"), bytes);
}

TEST(Bytes, HexRefusesOddLengthAndOtherCharacters) {
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex(" 00"));
}

TEST(Bytes, Base64UrlRoundTripsEveryLength) {
  Bytes bytes;
  for (int n = 0; n < 70; ++n) {
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    bytes.push_back(static_cast<std::uint8_t>(n * 37 + 250));
  }
}

TEST(Bytes, Base64UrlRefusesPaddingAndTheOtherAlphabet) {
  EXPECT_EQ(to_base64url(Bytes{0xFB, 0xFF}), "-_8");
  for (const char* bad : {"-_8=", "+/8", "-_8 ", "-_9", "a"})
    EXPECT_FALSE(from_base64url(bad)) << bad;
}

TEST(Bytes, ConstantTimeComparisonNeedsEqualLengths) {
  EXPECT_TRUE(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("ab")));
}

}  // namespace
}  // namespace sotto
