#include "server/gateway/api/input.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sotto::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

HttpRequest with_body(std::string body, std::string type = "application/json") {
  HttpRequest request;
  request.headers.push_back({"Content-Type", std::move(type)});
  request.body = std::move(body);
  return request;
}

HttpRequest with_query(std::string query) {
  HttpRequest request;
  request.query = std::move(query);
  return request;
}

std::string detail_of(const Input& in) {
  if (!in.refused()) return "was accepted";
  const auto document = boost::json::parse(in.refused()->response.body);
  return std::string(document.at("detail").as_string());
}

TEST(Input, ReadsIdsAsStringsOrNumbers) {
  const auto request =
      with_body(R"({"a":"9223372036854775807","b":9223372036854775807,"list":[1,"2"],"c":null})");
  Input in(request, {});
  EXPECT_EQ(in.optional_id<UserId>("a"), UserId{kMaxId});
  EXPECT_EQ(in.optional_id<UserId>("b"), UserId{kMaxId});
  EXPECT_THAT(in.ids<UserId>("list"), ElementsAre(UserId{1}, UserId{2}));
  EXPECT_EQ(in.optional_id<UserId>("c"), std::nullopt);
  EXPECT_EQ(in.optional_id<UserId>("absent"), std::nullopt);
  EXPECT_EQ(detail_of(in), "was accepted");
}

TEST(Input, RefusesWhatIsNoIdAndNamesTheField) {
  for (const char* value : {"-1", "1.5", "1e3", "\"abc\"", "\"\"", "\"1 \"", "true", "[]", "{}",
                            "\"18446744073709551616\"", "18446744073709551616", "\"9223372036854775808\"",
                            "9223372036854775808", "18446744073709551615", "\"+1\""}) {
    const auto request = with_body("{\"device_id\":" + std::string(value) + ",\"ids\":[1," + value + "]}");
    Input single(request, {});
    (void)single.optional_id<UserId>("device_id");
    EXPECT_THAT(detail_of(single), HasSubstr("device_id: is not an id")) << value;
    Input list(request, {});
    (void)list.ids<UserId>("ids");
    EXPECT_THAT(detail_of(list), HasSubstr("ids[1]: is not an id")) << value;
  }
}

TEST(Input, NamesAMissingFieldAndOneOfAnotherKind) {
  const auto request = with_body(R"({"n":5,"nothing":null,"mixed":["a",1]})");
  const auto detail = [&](auto read) {
    Input in(request, {});
    read(in);
    return detail_of(in);
  };
  EXPECT_EQ(detail([](Input& in) { (void)in.text("name"); }), "name: is missing");
  EXPECT_EQ(detail([](Input& in) { (void)in.text("nothing"); }), "nothing: is missing");
  EXPECT_EQ(detail([](Input& in) { (void)in.text("n"); }), "n: must be a string, not a number");
  EXPECT_EQ(detail([](Input& in) { (void)in.optional_text("n"); }), "n: must be a string, not a number");
  EXPECT_EQ(detail([](Input& in) { (void)in.ids<UserId>("n"); }), "n: must be an array of ids, not a number");
  EXPECT_EQ(detail([](Input& in) { (void)in.texts("mixed"); }), "mixed[1]: must be a string, not a number");
  EXPECT_EQ(detail([](Input& in) { (void)in.nested_text("n", "x"); }), "n: must be an object, not a number");
  EXPECT_EQ(detail([](Input& in) { (void)in.optional_text("absent"); }), "was accepted");
}

TEST(Input, KeepsTheFirstThingThatIsWrong) {
  const auto request = with_body("{}");
  Input in(request, {});
  (void)in.text("first");
  (void)in.text("second");
  EXPECT_EQ(detail_of(in), "first: is missing");
}

TEST(Input, WantsAJsonObject) {
  for (const char* body : {"[]", "\"x\"", "5", "null", "true"}) {
    const auto request = with_body(body);
    Input in(request, {});
    (void)in.optional_text("name");
    EXPECT_THAT(detail_of(in), HasSubstr("has to be a JSON object")) << body;
  }
}

TEST(Input, WantsTheContentTypeOfJsonIfOneIsGiven) {
  for (const char* type : {"application/json", "application/json; charset=utf-8", "Application/JSON"}) {
    const auto request = with_body("{}", type);
    Input in(request, {});
    (void)in.optional_text("name");
    EXPECT_FALSE(in.refused()) << type;
  }
  for (const char* type : {"text/plain", "application/jsonp", "application/x-www-form-urlencoded", "", "x"}) {
    const auto request = with_body("{}", type);
    Input in(request, {});
    (void)in.optional_text("name");
    ASSERT_TRUE(in.refused()) << type;
    EXPECT_EQ(in.refused()->response.status, 415);
  }
}

TEST(Input, TellsNullFromAbsent) {
  const auto request = with_body(R"({"a":null,"b":1})");
  Input in(request, {});
  EXPECT_TRUE(in.is_null("a"));
  EXPECT_FALSE(in.is_null("b"));
  EXPECT_FALSE(in.is_null("c"));
}

TEST(Input, ReadsThePathAndNamesWhatIsNoIdInIt) {
  const HttpRequest request;
  Input good(request, {{"user_id", "42"}});
  EXPECT_EQ(good.path_id<UserId>("user_id"), UserId{42});
  EXPECT_FALSE(good.refused());
  for (const char* value : {"abc", "-1", "18446744073709551616", "%00", "1.0", "~", "\xFF"}) {
    Input bad(request, {{"user_id", value}});
    (void)bad.path_id<UserId>("user_id");
    EXPECT_THAT(detail_of(bad), HasSubstr("user_id in the path")) << value;
    EXPECT_EQ(bad.refused()->response.status, 400);
  }
}

TEST(Input, ReadsTheQueryWithinItsRange) {
  const auto request = with_query("limit=50&before_id=7");
  Input in(request, {});
  EXPECT_EQ(in.query_number("limit", 1, 100), 50u);
  EXPECT_EQ(in.query_id<MessageId>("before_id"), MessageId{7});
  EXPECT_EQ(in.query_number("absent", 1, 100), std::nullopt);
  EXPECT_FALSE(in.refused());
  for (const char* query :
       {"limit=0", "limit=101", "limit=-1", "limit=1e2", "limit=", "limit=%35%", "limit=1&limit=2"}) {
    const auto bad = with_query(query);
    Input refused(bad, {});
    (void)refused.query_number("limit", 1, 100);
    EXPECT_THAT(detail_of(refused), HasSubstr("limit in the query")) << query;
  }
}

TEST(Input, QuotesLongValuesOnlyInPart) {
  const HttpRequest request;
  const std::string value(100'000, 'x');
  Input in(request, {{"user_id", value}});
  (void)in.path_id<UserId>("user_id");
  EXPECT_LT(detail_of(in).size(), 200u);
}

}  // namespace
}  // namespace sotto::server
