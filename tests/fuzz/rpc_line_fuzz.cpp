// A line given to `sotto rpc`: a request, or an error answer that is itself one line.
#include <cstdlib>
#include <string_view>

#include "sdk/cli/rpc/json_rpc.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto::cli;
  const auto request = parse_rpc_line({reinterpret_cast<const char*>(data), size});
  const std::string answer =
      request.ok() ? rpc_result(request->id.value_or(nullptr), boost::json::value(request->params))
                   : rpc_failure(request.error().id, request.error().error);
  if (answer.empty() || answer.find('\n') != std::string::npos) std::abort();
  if (request.ok() && request->method.size() > kMaxRpcLine) std::abort();
  return 0;
}
