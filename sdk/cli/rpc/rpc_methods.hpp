// The methods of `sotto rpc`: each reads its parameters, calls the SDK and turns the outcome into JSON.
#pragma once

#include <functional>

#include <boost/json/value.hpp>

#include "sdk/cli/rpc/json_rpc.hpp"
#include "sotto/client.hpp"

namespace sotto::cli {

using RpcOutcome = Result<boost::json::value, RpcError>;
using RpcDone = std::function<void(RpcOutcome)>;

/// Calls `done` exactly once, at once or from inside `client.poll()`.
void call_method(Client& client, const RpcRequest& request, RpcDone done);

}  // namespace sotto::cli
