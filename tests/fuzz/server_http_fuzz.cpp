// What the server's REST routes read of a request, in one go: query, Authorization, Origin and the JSON body.
// Nothing here may crash, and a request that is refused says why.
//
//   line 1       the query, line 2 the Authorization header, line 3 the Origin
//   the rest     the body
#include <cstdlib>
#include <string>
#include <string_view>

#include <boost/json/serialize.hpp>

#include "server/gateway/api/cors.hpp"
#include "server/gateway/api/input.hpp"
#include "server/gateway/api/query.hpp"
#include "server/gateway/api/strict_json.hpp"
#include "server/gateway/bearer.hpp"

namespace sotto::server {
namespace {

std::string take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  std::string line(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

void read_all(const HttpRequest& request) {
  Input in(request, {{"id", request.query}});
  (void)in.path_id<UserId>("id");
  (void)in.query_text("cursor");
  (void)in.query_number("limit", 1, 100);
  (void)in.query_id<MessageId>("before_id");
  (void)in.text("name");
  (void)in.optional_text("about");
  (void)in.optional_id<UserId>("device_id");
  (void)in.ids<UserId>("member_ids");
  (void)in.texts("phone_numbers");
  (void)in.nested_text("privacy", "last_seen");
  (void)in.is_null("avatar_media_id");
  if (in.refused() && in.refused()->response.status < 400) std::abort();
}

}  // namespace
}  // namespace sotto::server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto::server;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  HttpRequest request;
  request.method = "POST";
  request.path = "/api/groups";
  request.query = take_line(rest);
  request.headers = {
      {"Authorization", take_line(rest)}, {"Origin", take_line(rest)}, {"Content-Type", "application/json"}};
  request.body = rest;
  read_all(request);
  (void)bearer_token(request);
  if (const auto origin = Cors({"https://chat.example"}).allow(request);
      origin && *origin != "https://chat.example")
    std::abort();
  (void)percent_decode(request.query);
  // What is strict JSON once stays so when written again.
  if (const auto value = parse_strict(request.body);
      value.ok() && !parse_strict(boost::json::serialize(*value)).ok())
    std::abort();
  return 0;
}
