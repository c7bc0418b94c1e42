#include "server/gateway/api/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sotto::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Work nothing(Input&) {
  return no_content();
}

const Routes kRoutes{{"GET", "/api/users/{user_id}", Access::open, nothing},
                     {"GET", "/api/users/me", Access::open, nothing},
                     {"PATCH", "/api/users/me", Access::open, nothing},
                     {"PUT", "/api/groups/{conversation_id}/members/{user_id}/role", Access::open, nothing},
                     {"DELETE", "/api/groups/{group}", Access::open, nothing}};

TEST(Router, GivesTheValuesOfThePath) {
  const Match match = find_route(kRoutes, "PUT", "/api/groups/12/members/34/role");
  ASSERT_EQ(match.route, &kRoutes[3]);
  EXPECT_THAT(match.values, ElementsAre(Pair("conversation_id", "12"), Pair("user_id", "34")));
}

TEST(Router, PrefersALiteralSegment) {
  EXPECT_EQ(find_route(kRoutes, "GET", "/api/users/me").route, &kRoutes[1]);
  EXPECT_EQ(find_route(kRoutes, "GET", "/api/users/7").route, &kRoutes[0]);
}

TEST(Router, AnswersHeadWithGet) {
  EXPECT_EQ(find_route(kRoutes, "HEAD", "/api/users/me").route, &kRoutes[1]);
}

TEST(Router, NamesTheMethodsOfThePathWhereTheMethodIsAnother) {
  const Match match = find_route(kRoutes, "POST", "/api/users/me");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allow, "GET, HEAD, PATCH");
  EXPECT_EQ(find_route(kRoutes, "GET", "/api/groups/1").allow, "DELETE");
}

TEST(Router, FindsNothingOnOtherPaths) {
  for (const char* path :
       {"", "/", "/api", "/api/users", "/api/users/", "/api/users/me/", "//api/users/me", "/api/users/7/8",
        "/API/users/me", "/api/groups//members/1/role", "*", "api/users/me"})
    EXPECT_THAT(find_route(kRoutes, "GET", path).allow, IsEmpty()) << path;
}

}  // namespace
}  // namespace sotto::server
