#include "sdk/cli/rpc/json_rpc.hpp"

#include <gtest/gtest.h>

namespace sotto::cli {
namespace {

RpcErrorCode refusal(std::string_view line) {
  auto parsed = parse_rpc_line(line);
  return parsed.ok() ? RpcErrorCode{0} : parsed.error().error.code;
}

TEST(JsonRpc, ARequestHasIdMethodAndParams) {
  auto request = parse_rpc_line(R"({"jsonrpc":"2.0","id":7,"method":"send","params":{"text":"hi"}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->id, boost::json::value(7));
  EXPECT_EQ(request->method, "send");
  EXPECT_EQ(request->params.at("text"), "hi");
}

TEST(JsonRpc, ARequestWithoutIdIsANotification) {
  auto request = parse_rpc_line(R"({"jsonrpc":"2.0","method":"shutdown"})");
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->id);
}

TEST(JsonRpc, WhatIsNotJsonIsAParseError) {
  for (const char* bad : {"", "{", "hello", "{\"a\":1}}", "{\"jsonrpc\":\"2.0\",}", "\xff"})
    EXPECT_EQ(refusal(bad), RpcErrorCode::parse_error) << bad;
}

TEST(JsonRpc, WhatIsNotARequestIsInvalid) {
  for (const char* bad :
       {"1", "[]", "{}", R"({"jsonrpc":"1.0","id":1,"method":"me"})", R"({"jsonrpc":"2.0","id":1})",
        R"({"jsonrpc":"2.0","id":[],"method":"me"})", R"({"jsonrpc":"2.0","id":1,"method":3})"})
    EXPECT_EQ(refusal(bad), RpcErrorCode::invalid_request) << bad;
  EXPECT_EQ(refusal(R"({"jsonrpc":"2.0","id":1,"method":"me","params":[1]})"), RpcErrorCode::invalid_params);
}

TEST(JsonRpc, AFailureKeepsTheIdWhereItCouldBeRead) {
  auto parsed = parse_rpc_line(R"({"jsonrpc":"2.0","id":"x","method":3})");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().id, "x");
}

TEST(JsonRpc, DeepAndLongLinesAreRefused) {
  EXPECT_EQ(refusal(std::string(100, '[') + std::string(100, ']')), RpcErrorCode::parse_error);
  EXPECT_EQ(refusal(std::string(kMaxRpcLine + 1, ' ')), RpcErrorCode::invalid_request);
}

TEST(JsonRpc, AnswersAreOneLineEach) {
  EXPECT_EQ(rpc_result(1, boost::json::object{{"a", "b\nc"}}),
            R"({"jsonrpc":"2.0","id":1,"result":{"a":"b\nc"}})");
  EXPECT_EQ(
      rpc_failure(nullptr, {RpcErrorCode::failed, "no", "blocked"}),
      R"({"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no","data":{"code":"blocked"}}})");
  EXPECT_EQ(rpc_event({{"type", "typing"}}),
            R"({"jsonrpc":"2.0","method":"event","params":{"type":"typing"}})");
}

}  // namespace
}  // namespace sotto::cli
