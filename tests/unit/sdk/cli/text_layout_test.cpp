#include "sdk/cli/chat/text_layout.hpp"

#include <clocale>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.hpp"

namespace sotto::cli {
namespace {

using ::testing::ElementsAre;

class TextLayout : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

TEST_F(TextLayout, WideCharactersTakeTwoColumnsAndCombiningOnesNone) {
  EXPECT_EQ(columns("abc"), 3u);
  EXPECT_EQ(columns("你好"), 4u);
  EXPECT_EQ(columns("e\xCC\x81"), 1u);
}

TEST_F(TextLayout, EscapeSequencesAndDirectionOverridesDoNotReachTheTerminal) {
  EXPECT_EQ(harmless("a\x1b[31mb"), "a\xEF\xBF\xBD[31mb");
  EXPECT_EQ(harmless("a\x7f\xC2\x9B"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(harmless("a\xE2\x80\xAEz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(harmless("a\tb\nc"), "a    b\nc");
}

TEST_F(TextLayout, AnEscapeDoesNotHideBehindHalfACharacter) {
  for (const char* half :
       {"\xC3", "\xE2\x82", "\xF0", "\xF0\x9F", "\xFF", "\x80", "\xC0\x9B", "\xED\xA0\x80"}) {
    for (const char* text : {"", "\x1b]0;x\x07",
                             "\xC2\x9B"
                             "31m",
                             "\xE2\x80\xAE"}) {
      const std::string shown = harmless(std::string(half) + text);
      EXPECT_TRUE(is_valid_utf8(shown)) << shown;
      EXPECT_EQ(shown.find_first_of("\x1b\x07"), std::string::npos);
      EXPECT_EQ(shown.find("\xC2\x9B"), std::string::npos);
      EXPECT_EQ(shown.find("\xE2\x80\xAE"), std::string::npos);
    }
  }
}

TEST_F(TextLayout, LinesBreakAtSpacesAndLongWordsInside) {
  EXPECT_THAT(wrap("one two three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("abcdefghij", 4), ElementsAre("abcd", "efgh", "ij"));
  EXPECT_THAT(wrap("a\n\nb", 4), ElementsAre("a", "", "b"));
  EXPECT_THAT(wrap("你好世界", 5), ElementsAre("你好", "世界"));
  EXPECT_THAT(wrap("", 4), ElementsAre(""));
}

TEST_F(TextLayout, WhatDoesNotFitEndsWithAnEllipsis) {
  EXPECT_EQ(fit("hello", 5), "hello");
  EXPECT_EQ(fit("hello!", 5), "hell…");
  EXPECT_EQ(fit("你好世界", 5), "你好…");
}

}  // namespace
}  // namespace sotto::cli
