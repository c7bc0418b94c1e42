#include "sdk/cli/rpc/json_rpc.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/utf8.hpp"

namespace sotto::cli {

namespace json = boost::json;

namespace {

RpcParseFailure refuse(RpcErrorCode code, std::string message, json::value id = nullptr) {
  return {RpcError{code, std::move(message), {}}, std::move(id)};
}

bool is_id(const json::value& v) {
  return v.is_string() || v.is_number() || v.is_null();
}

}  // namespace

Result<RpcRequest, RpcParseFailure> parse_rpc_line(std::string_view line) {
  if (line.size() > kMaxRpcLine) {
    return refuse(RpcErrorCode::invalid_request,
                  "the line is longer than " + std::to_string(kMaxRpcLine) + " bytes");
  }
  if (!is_valid_utf8(line)) return refuse(RpcErrorCode::parse_error, "the line is not UTF-8");
  json::parse_options options;
  options.max_depth = kMaxRpcDepth;
  boost::system::error_code error;
  json::value value = json::parse(line, error, {}, options);
  if (error) return refuse(RpcErrorCode::parse_error, "the line is not JSON: " + error.message());
  if (!value.is_object())
    return refuse(RpcErrorCode::invalid_request, "a request is a JSON object; batches are not taken");
  json::object& object = value.as_object();

  std::optional<json::value> id;
  if (auto* given = object.if_contains("id")) {
    if (!is_id(*given))
      return refuse(RpcErrorCode::invalid_request, "\"id\" must be a string, a number or null");
    id = *given;
  }
  json::value answer_id = id.value_or(nullptr);
  auto* version = object.if_contains("jsonrpc");
  if (version == nullptr || !version->is_string() || version->as_string() != "2.0") {
    return refuse(RpcErrorCode::invalid_request, "\"jsonrpc\" must be \"2.0\"", answer_id);
  }
  auto* method = object.if_contains("method");
  if (method == nullptr || !method->is_string()) {
    return refuse(RpcErrorCode::invalid_request, "\"method\" must be a string", answer_id);
  }
  RpcRequest request{std::move(id), std::string(method->as_string()), {}};
  if (auto* params = object.if_contains("params")) {
    if (!params->is_object())
      return refuse(RpcErrorCode::invalid_params, "\"params\" must be an object", answer_id);
    request.params = std::move(params->as_object());
  }
  return request;
}

std::string rpc_result(const json::value& id, json::value result) {
  return json::serialize(json::object{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}});
}

std::string rpc_failure(const json::value& id, const RpcError& error) {
  json::object body{{"code", static_cast<int>(error.code)}, {"message", error.message}};
  if (!error.word.empty()) body["data"] = json::object{{"code", error.word}};
  return json::serialize(json::object{{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(body)}});
}

std::string rpc_event(json::object params) {
  return json::serialize(
      json::object{{"jsonrpc", "2.0"}, {"method", "event"}, {"params", std::move(params)}});
}

}  // namespace sotto::cli
