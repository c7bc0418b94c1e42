#include "base/text_rules.hpp"

#include <gtest/gtest.h>

namespace sotto {
namespace {

TEST(TextRules, APhoneNumberIsAPlusAndSevenToFifteenDigits) {
  for (const char* good : {"+1234567", "+491701234567", "+123456789012345"})
    EXPECT_TRUE(is_phone_number(good)) << good;
  for (const char* bad : {"", "+", "+123456", "+1234567890123456", "+0123456789", "0049170123456",
                          "+49 170 1234", "+49170123456a", " +491701234567"})
    EXPECT_FALSE(is_phone_number(bad)) << bad;
}

TEST(TextRules, ALengthIsThatOfCodePointsAndTheProblemNamesTheField) {
  const TextRule rule{.field = "name", .least = 1, .most = 3};
  EXPECT_EQ(problem_with_text(rule, "äöü"), std::nullopt);
  EXPECT_EQ(problem_with_text(rule, ""), "name: must not be empty");
  EXPECT_EQ(problem_with_text(rule, "four"), "name: 4 characters, at most 3 are allowed");
  EXPECT_EQ(problem_with_text(rule, "\xff"), "name: not valid UTF-8");
  EXPECT_EQ(problem_with_text(rule, "a\nb"), "name: has a control character");
  EXPECT_EQ(problem_with_text({.field = "about", .most = 3, .newlines = true}, "a\nb"), std::nullopt);
  EXPECT_NE(problem_with_text({.field = "about", .most = 3, .newlines = true}, "a\x7f"), std::nullopt);
}

TEST(TextRules, AMediaUrlIsPrintableAsciiWithoutSpaces) {
  EXPECT_TRUE(is_media_url("https://media.example/a%20b?c=d", 100));
  EXPECT_FALSE(is_media_url("", 100));
  EXPECT_FALSE(is_media_url("https://media.example/a b", 100));
  EXPECT_FALSE(is_media_url("https://media.example/ü", 100));
  EXPECT_FALSE(is_media_url(std::string(101, 'x'), 100));
}

}  // namespace
}  // namespace sotto
