#include "server/gateway/api/answer.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace sotto::server {
namespace {

std::string header(const Answer& answer, std::string_view name) {
  for (const auto& each : answer.response.headers)
    if (each.name == name) return each.value;
  return "";
}

TEST(Answer, OfARefusalIsAProblemDocument) {
  const Answer answer = refusal(refuse(ServiceCode::group_too_large, "member_ids: more than 500"));
  EXPECT_EQ(answer.response.status, 422);
  EXPECT_EQ(answer.response.content_type, "application/problem+json");
  EXPECT_EQ(answer.code, "group_too_large");
  const auto document = boost::json::parse(answer.response.body);
  EXPECT_EQ(document.at("code"), "group_too_large");
  EXPECT_EQ(document.at("status"), 422);
  EXPECT_EQ(document.at("detail"), "member_ids: more than 500");
  EXPECT_TRUE(document.at("title").is_string());
  EXPECT_TRUE(document.at("type").is_string());
}

TEST(Answer, TellsHowLongToWaitInWholeSecondsAndNeverZero) {
  EXPECT_EQ(header(refusal(refuse_rate("x", Milliseconds(1500))), "Retry-After"), "2");
  EXPECT_EQ(header(refusal(refuse_rate("x", Milliseconds(0))), "Retry-After"), "1");
  EXPECT_EQ(header(refusal(refuse(ServiceCode::not_found, "x")), "Retry-After"), "");
}

TEST(Answer, AsksForATokenOnlyWhereATokenHelps) {
  EXPECT_EQ(header(refusal(refuse(ServiceCode::unauthorized, "x")), "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(header(refusal(refuse(ServiceCode::otp_invalid, "x")), "WWW-Authenticate"), "");
}

TEST(Answer, IsNeverKeptByACache) {
  EXPECT_EQ(header(ok(boost::json::object{}), "Cache-Control"), "no-store");
}

}  // namespace
}  // namespace sotto::server
