#include "server/gateway/api/rest_api.hpp"

#include <map>
#include <optional>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/metrics/metrics.hpp"
#include "tests/unit/server/fake_storage.hpp"

namespace sotto::server {
namespace {

using testing::HasSubstr;

ServiceResult<Caller> authenticate(const Store&, Timestamp, std::string_view token) {
  if (token == "good") return Caller{UserId{7}, DeviceId{8}};
  return refuse(ServiceCode::unauthorized, "the token is not valid");
}

std::optional<Caller> bearer(Timestamp, std::string_view token) {
  if (token == "good" || token == "revoked") return Caller{UserId{7}, DeviceId{8}};
  return std::nullopt;
}

class RestApiTest : public testing::Test {
 protected:
  /// The answer to a request of the user 7, unless `headers` say otherwise.
  HttpResponse call(std::string method, std::string path, std::string body = "",
                    std::vector<HttpHeader> headers = {{"Authorization", "Bearer good"}}) {
    Routes routes{{"GET", "/open", Access::open, [](Input&) -> Work { return no_content(); }},
                  {"GET", "/me", Access::token,
                   [](Input&) -> Work {
                     return Read{[](const Store&, Timestamp, const Caller& caller) {
                       return ok({{"user_id", to_string(caller.user)}});
                     }};
                   }},
                  {"POST", "/names", Access::token, [this](Input& in) -> Work {
                     return Write{[this, name = in.text("name")](Store&, WriteContext&, const Caller&) {
                       ++written;
                       Answer answer = json_answer(201, boost::json::object{{"name", name}});
                       answer.afterwards = [this] { ++told; };
                       return answer;
                     }};
                   }}};
    if (!api)
      api.emplace(std::move(routes),
                  RestApi::Uses{storage, authenticate, bearer, [this] { return now; }, metrics, limits},
                  Cors({"https://chat.example"}));
    HttpRequest request{std::move(method),  std::move(path), "",
                        std::move(headers), std::move(body), "127.0.0.1"};
    std::optional<HttpResponse> answer;
    api->handle(std::move(request), [&](HttpResponse response) {
      EXPECT_FALSE(answer) << "answered twice";
      answer = std::move(response);
    });
    EXPECT_TRUE(answer) << "not answered";
    return answer.value_or(HttpResponse{});
  }

  static std::string code_of(const HttpResponse& response) {
    return std::string(boost::json::parse(response.body).at("code").as_string());
  }
  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const auto& each : response.headers)
      if (each.name == name) return each.value;
    return "";
  }

  FakeStorage storage;
  Metrics metrics;
  Limits limits;
  Timestamp now = from_unix_ms(1'800'000'000'000);
  std::optional<RestApi> api;
  int written = 0;
  int told = 0;
};

TEST_F(RestApiTest, RunsTheRouteAsTheCallerOfTheToken) {
  EXPECT_EQ(call("GET", "/me").body, R"({"user_id":"7"})");
  EXPECT_EQ(call("POST", "/names", R"({"name":"x"})").body, R"({"name":"x"})");
}

TEST_F(RestApiTest, AnswersAnUnknownPathWithNotFound) {
  const auto response = call("GET", "/nothing");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(code_of(response), "not_found");
}

TEST_F(RestApiTest, NamesTheMethodsAPathHas) {
  for (const char* method : {"POST", "BREW", "OPTIONS", "get", ""}) {
    const auto response = call(method, "/me");
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(header(response, "Allow"), "GET, HEAD");
  }
}

TEST_F(RestApiTest, AsksForATokenBeforeAnythingElse) {
  for (const char* authorization : {"", "Bearer", "Bearer ", "Basic x", "Bearer bad", "good", "\xFF"}) {
    const auto response = call("POST", "/names", "not even JSON", {{"Authorization", authorization}});
    EXPECT_EQ(response.status, 401) << authorization;
    EXPECT_EQ(header(response, "WWW-Authenticate"), "Bearer");
  }
  EXPECT_EQ(call("POST", "/names", "", {}).status, 401);
  EXPECT_EQ(written, 0);
}

TEST_F(RestApiTest, TakesTheSchemeOfTheTokenInAnyCase) {
  EXPECT_EQ(call("GET", "/me", "", {{"authorization", "bearer  good"}}).status, 200);
}

TEST_F(RestApiTest, RefusesBadInputWithoutWriting) {
  const auto response = call("POST", "/names", R"({"nome":"x"})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("name: is missing"));
  EXPECT_EQ(written, 0);
}

TEST_F(RestApiTest, AnswersOnceHoweverOftenTheWorkWasRun) {
  storage.runs = 3;
  EXPECT_EQ(call("POST", "/names", R"({"name":"x"})").body, R"({"name":"x"})");
  EXPECT_EQ(written, 3);
  EXPECT_EQ(told, 1);
}

TEST_F(RestApiTest, AnswersInternalAndTellsNobodyIfNothingWasStored) {
  storage.works = false;
  const auto response = call("POST", "/names", R"({"name":"x"})");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(code_of(response), "internal");
  EXPECT_EQ(told, 0);
}

TEST_F(RestApiTest, SaysToComeBackWhenTheStorageIsBusy) {
  storage.full = true;
  for (const auto& response : {call("GET", "/me"), call("POST", "/names", R"({"name":"x"})")}) {
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(code_of(response), "unavailable");
    EXPECT_EQ(header(response, "Retry-After"), "1");
  }
}

TEST_F(RestApiTest, LimitsReadsAndWritesOfAnAccountApart) {
  limits.rest_reads_per_second = 2;
  limits.rest_read_burst = 4;
  limits.rest_writes_per_second = 1;
  limits.rest_write_burst = 2;
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(call("GET", "/me").status, 200);
  const auto refused = call("GET", "/me");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(code_of(refused), "rate_limited");
  EXPECT_EQ(header(refused, "Retry-After"), "1");
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(call("POST", "/names", R"({"name":"x"})").status, 201);
  EXPECT_EQ(call("POST", "/names", R"({"name":"x"})").status, 429);
  EXPECT_EQ(written, 2);
  EXPECT_EQ(call("GET", "/open").status, 204) << "nobody's";
  now += std::chrono::seconds(1);
  EXPECT_EQ(call("GET", "/me").status, 200);
  EXPECT_EQ(call("POST", "/names", R"({"name":"x"})").status, 201);
}

TEST_F(RestApiTest, LimitsNobodyWhereThereAreNoLimits) {
  limits.rate_limits = false;
  limits.rest_read_burst = 1;
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(call("GET", "/me").status, 200);
}

TEST_F(RestApiTest, ARequestThatCostsMoreThanThereEverIsTakesAllThereIs) {
  AccountLimits accounts(limits);
  EXPECT_EQ(accounts.take(UserId{1}, AccountLimits::Kind::write, 1e9, now), Milliseconds(0));
  EXPECT_GT(accounts.take(UserId{1}, AccountLimits::Kind::write, 1, now), Milliseconds(0));
  EXPECT_EQ(accounts.take(UserId{2}, AccountLimits::Kind::write, 1, now), Milliseconds(0)) << "another's";
}

TEST_F(RestApiTest, AnAccountHasSoManyAnswersUnderWayUntilTheyAreTaken) {
  std::vector<HttpResponse> unread;
  for (std::size_t i = 0; i < AccountLimits::kAtOnce; ++i)
    unread.push_back(call("GET", "/me"));
  EXPECT_EQ(unread.back().status, 200);
  EXPECT_EQ(call("GET", "/me").status, 429);
  unread.pop_back();
  EXPECT_EQ(call("GET", "/me").status, 200);
}

TEST_F(RestApiTest, AForgedTokenCostsTheStorageNothing) {
  storage.full = true;
  EXPECT_EQ(call("GET", "/me", "", {{"Authorization", "Bearer forged"}}).status, 401);
  EXPECT_EQ(call("GET", "/me", "", {{"Authorization", "Bearer revoked"}}).status, 503)
      << "only the store knows";
}

TEST_F(RestApiTest, CountsRefusalsByCode) {
  (void)call("GET", "/nothing");
  (void)call("GET", "/me", "", {});
  std::map<std::string, std::uint64_t> counted;
  for (std::size_t i = 0; i < metrics.errors.size(); ++i)
    counted[std::string(metrics.errors.label(i))] = metrics.errors.value(i);
  EXPECT_EQ(counted["not_found"], 1u);
  EXPECT_EQ(counted["unauthorized"], 1u);
  EXPECT_EQ(counted["other"], 0u);
}

TEST_F(RestApiTest, LetsPagesOfAllowedOriginsIn) {
  const std::vector<HttpHeader> headers{{"Authorization", "Bearer good"}, {"Origin", "https://chat.example"}};
  EXPECT_EQ(header(call("GET", "/me", "", headers), "Access-Control-Allow-Origin"), "https://chat.example");
  EXPECT_EQ(header(call("GET", "/nothing", "", headers), "Access-Control-Allow-Origin"),
            "https://chat.example");
  EXPECT_EQ(
      header(call("GET", "/me", "", {{"Origin", "https://evil.example"}}), "Access-Control-Allow-Origin"),
      "");
}

TEST_F(RestApiTest, AnswersThePreflightOfAnAllowedOriginOnly) {
  const auto preflight = [&](const char* origin) {
    return call("OPTIONS", "/names", "", {{"Origin", origin}, {"Access-Control-Request-Method", "POST"}});
  };
  const auto allowed = preflight("https://chat.example");
  EXPECT_EQ(allowed.status, 204);
  EXPECT_EQ(header(allowed, "Access-Control-Allow-Methods"), "POST");
  EXPECT_THAT(header(allowed, "Access-Control-Allow-Headers"), HasSubstr("Authorization"));
  EXPECT_EQ(preflight("https://evil.example").status, 405);
}

}  // namespace
}  // namespace sotto::server
