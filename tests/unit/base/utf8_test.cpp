#include "base/utf8.hpp"

#include <string>

#include <gtest/gtest.h>

namespace sotto {
namespace {

TEST(Utf8, AcceptsEveryLengthAtItsEdges) {
  for (const char* good :
       {"", "a", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "grüße 你好 👋🏽"})
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  EXPECT_TRUE(is_valid_utf8(std::string_view("\0", 1)));
}

TEST(Utf8, RefusesOverlongSurrogateTruncatedAndOutOfRange) {
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
                          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "a\xC2z"})
    EXPECT_FALSE(is_valid_utf8(bad));
}

TEST(Utf8, CountsCodePoints) {
  EXPECT_EQ(count_code_points("aü你👋"), 4u);
}

}  // namespace
}  // namespace sotto
