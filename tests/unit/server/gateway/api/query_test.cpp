#include "server/gateway/api/query.hpp"

#include <gtest/gtest.h>

namespace sotto::server {
namespace {

using Value = std::optional<std::string>;

TEST(Query, FindsANameAmongOthers) {
  EXPECT_EQ(*query_value("limit=5&cursor=a%2Fb%20c", "cursor"), Value("a/b c"));
  EXPECT_EQ(*query_value("limit=5", "cursor"), Value());
  EXPECT_EQ(*query_value("", "cursor"), Value());
  EXPECT_EQ(*query_value("xlimit=5&limit", "limit"), Value(""));
  EXPECT_EQ(*query_value("&&=&x&limit=5", "limit"), Value("5"));
}

TEST(Query, RefusesANameGivenTwice) {
  EXPECT_EQ(query_value("limit=5&limit=6", "limit").error(), "is given twice");
}

TEST(Query, RefusesBadEncoding) {
  for (const char* text : {"%", "%4", "%zz", "%00", "%F0%28", "a%"})
    EXPECT_EQ(query_value(std::string("limit=") + text, "limit").error(), "is not well encoded") << text;
}

}  // namespace
}  // namespace sotto::server
