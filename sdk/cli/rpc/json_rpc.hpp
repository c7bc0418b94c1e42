// JSON-RPC 2.0, a request a line: what `sotto rpc` reads and writes.
//
//   {"jsonrpc":"2.0","id":1,"method":"me"}                         one line in
//   {"jsonrpc":"2.0","id":1,"result":{"user_id":"382…"}}           one line out
//   {"jsonrpc":"2.0","method":"event","params":{"type":"…"}}       at any time
//
// Pure functions of text; no I/O here. Source: jsonrpc.org/specification, and the project's docs/protocol.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "sotto/result.hpp"

namespace sotto::cli {

/// A line longer than this is refused unread: no request needs as much, and a script gone wild must not fill
/// memory.
inline constexpr std::size_t kMaxRpcLine = 1 << 20;
/// Requests are flat; what is nested deeper is an attack on the parser or a mistake.
inline constexpr std::size_t kMaxRpcDepth = 16;

enum class RpcErrorCode : int {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  /// The call was understood and failed; `data.code` has the SDK's word for it.
  failed = -32000,
};

struct RpcError {
  RpcErrorCode code;
  std::string message;
  /// The SDK's stable error word ("not_a_member"), for `failed`.
  std::string word;
};

struct RpcRequest {
  /// Absent for a notification, which gets no answer.
  std::optional<boost::json::value> id;
  std::string method;
  boost::json::object params;
};

/// One line as a request. On failure `id` in the answer is null, as the specification wants, unless it could
/// be read.
struct RpcParseFailure {
  RpcError error;
  boost::json::value id;
};
Result<RpcRequest, RpcParseFailure> parse_rpc_line(std::string_view line);

/// Lines without their end.
std::string rpc_result(const boost::json::value& id, boost::json::value result);
std::string rpc_failure(const boost::json::value& id, const RpcError& error);
std::string rpc_event(boost::json::object params);

}  // namespace sotto::cli
