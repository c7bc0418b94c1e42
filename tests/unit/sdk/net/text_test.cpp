#include <gtest/gtest.h>

#include "sdk/net/header_text.hpp"

namespace sotto::net {

TEST(HeaderText, NamesAreTokens) {
  EXPECT_TRUE(is_header_name("X-Request-Id"));
  EXPECT_FALSE(is_header_name(""));
  EXPECT_FALSE(is_header_name("a b"));
  EXPECT_FALSE(is_header_name("a:"));
  EXPECT_FALSE(is_header_name("a\r\nb"));
}

TEST(HeaderText, ValuesHoldNoLineBreakAndNoControlCharacter) {
  EXPECT_TRUE(is_header_value(""));
  EXPECT_TRUE(is_header_value("Bearer abc\tdef \xC3\xA9"));
  EXPECT_FALSE(is_header_value("a\r\nX: y"));
  EXPECT_FALSE(is_header_value("a\nb"));
  EXPECT_FALSE(is_header_value(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_header_value("\x7F"));
}

TEST(HeaderText, RetryAfterIsSecondsAndAtMostAnHour) {
  EXPECT_EQ(parse_retry_after("7"), std::chrono::seconds(7));
  EXPECT_EQ(parse_retry_after("3601"), std::chrono::hours(1));
  EXPECT_EQ(parse_retry_after("18446744073709551615"), std::chrono::hours(1));
  EXPECT_EQ(parse_retry_after("Wed, 21 Oct 2026 07:28:00 GMT"), Milliseconds{0});
  EXPECT_EQ(parse_retry_after("-1"), Milliseconds{0});
  EXPECT_EQ(parse_retry_after(""), Milliseconds{0});
}

}  // namespace sotto::net
