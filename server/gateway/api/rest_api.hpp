// The REST API behind the HTTP seam: finds the route, authenticates, runs the handler's work on the storage,
// answers.
//
//   RestApi api(all_routes(services, process), {storage, authenticate, metrics}, Cors(allowed_origins));
//   gateway.start(..., api);
//
// Thread rules: `handle` from any thread; answers are given on the storage's threads or at once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/gateway/api/cors.hpp"
#include "server/gateway/api/route.hpp"
#include "server/gateway/http.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

struct Metrics;

class RestApi final : public HttpApi {
 public:
  /// AuthService::authenticate: who the bearer of an access token is.
  using Authenticate = std::function<ServiceResult<Caller>(const Store&, Timestamp, std::string_view token)>;
  struct Uses {
    Storage& storage;
    Authenticate authenticate;
    Metrics& metrics;
  };
  RestApi(Routes routes, Uses uses, Cors cors);

  void handle(HttpRequest request, HttpResponder respond) override;

 private:
  using Finish = std::function<void(Answer)>;
  Finish finish_for(const HttpRequest& request, std::string_view pattern, HttpResponder respond);
  void submit(const Route& route, std::optional<std::string> token, Work work, Finish finish);

  Routes routes_;
  Uses uses_;
  Cors cors_;
};

}  // namespace sotto::server
