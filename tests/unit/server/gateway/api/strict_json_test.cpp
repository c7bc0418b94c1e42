#include "server/gateway/api/strict_json.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sotto::server {
namespace {

using testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto value = parse_strict(text);
  return value ? "was accepted" : value.error();
}

TEST(StrictJson, TakesWhatIsJson) {
  for (const char* text :
       {"{}", "[]", "null", "1", "\"x\"", R"({"a":{"b":[1,-2,3.5,true,null,"\u00fc\n"]}})"})
    EXPECT_TRUE(parse_strict(text)) << error_of(text);
}

TEST(StrictJson, RefusesWhatIsNot) {
  for (const char* text : {" ", "{", "}", "{}{}", "{'a':1}", "{\"a\":1,}", "{\"a\":1 /* x */}", "{\"a\":NaN}",
                           "{\"a\":01}", "\xEF\xBB\xBF{}", "{\"a\":\"\x01\"}", "{\"a\":\"\\x41\"}"})
    EXPECT_THAT(error_of(text), HasSubstr("is not JSON")) << text;
  EXPECT_THAT(error_of(""), HasSubstr("is empty"));
}

TEST(StrictJson, RefusesTextThatIsNotUtf8) {
  for (const char* text : {"\"\xFF\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", R"("\ud800")", R"("\udc00x")"})
    EXPECT_THAT(error_of(text), HasSubstr("is not JSON")) << text;
}

TEST(StrictJson, RefusesTheSameNameTwiceInOneObjectOnly) {
  EXPECT_THAT(error_of(R"({"a":1,"b":2,"a":3})"), HasSubstr("has \"a\" twice"));
  EXPECT_THAT(error_of(R"([{"x":{"a":1,"\u0061":1}}])"), HasSubstr("has \"a\" twice"));
  EXPECT_TRUE(parse_strict(R"([{"a":1},{"a":{"a":2}}])"));
}

TEST(StrictJson, RefusesAZeroCharacter) {
  EXPECT_THAT(error_of(R"({"a":"x\u0000y"})"), HasSubstr("zero character"));
  EXPECT_THAT(error_of(R"({"x\u0000":1})"), HasSubstr("zero character"));
}

TEST(StrictJson, RefusesANumberPastADouble) {
  EXPECT_THAT(error_of("{\"a\":" + std::string(20'000, '9') + "}"), HasSubstr("too large"));
  EXPECT_FALSE(parse_strict("{\"a\":1e" + std::string(400, '9') + "}"));
  EXPECT_TRUE(parse_strict("{\"a\":1e300}"));
}

TEST(StrictJson, RefusesDeepNestingWithoutRecursing) {
  EXPECT_TRUE(parse_strict(std::string(kMaxJsonDepth, '[') + std::string(kMaxJsonDepth, ']')));
  EXPECT_THAT(error_of(std::string(kMaxJsonDepth + 1, '[') + std::string(kMaxJsonDepth + 1, ']')),
              HasSubstr("nested deeper"));
  EXPECT_THAT(error_of(std::string(1'000'000, '[')), HasSubstr("nested deeper"));
}

TEST(StrictJson, CutAnywhereIsRefused) {
  const std::string whole = R"({"name":"Walks \u00e4","member_ids":["1",2,{"x":null}],"t":true,"n":-1.5e3})";
  ASSERT_TRUE(parse_strict(whole));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(parse_strict(std::string_view(whole).substr(0, length))) << length;
}

}  // namespace
}  // namespace sotto::server
