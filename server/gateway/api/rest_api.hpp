// The REST API behind the HTTP seam: finds the route, keeps the account's limits, authenticates, runs the
// handler's work on the storage, answers.
//
//   RestApi api(all_routes(services, process), uses, Cors(config.allowed_origins));
//   gateway.start(..., api);
//
// Thread rules: `handle` from any thread; answers are given on the storage's threads or at once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/gateway/api/account_limits.hpp"
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
  /// AuthService::bearer: the same, as far as the token itself says.
  using Bearer = std::function<std::optional<Caller>(Timestamp, std::string_view token)>;
  struct Uses {
    Storage& storage;
    Authenticate authenticate;
    Bearer bearer;
    std::function<Timestamp()> now;
    Metrics& metrics;
    const Limits& limits;
  };
  RestApi(Routes routes, Uses uses, Cors cors);

  void handle(HttpRequest request, HttpResponder respond) override;

 private:
  using Finish = std::function<void(Answer)>;
  /// A token, and whose it says it is.
  struct Bearing {
    std::string token;
    UserId account;
  };
  Finish finish_for(const HttpRequest& request, std::string_view pattern, HttpResponder respond);
  /// Why the account's limits refuse the request, or nothing.
  std::optional<ServiceError> over_limit(UserId account, const Work& work, double cost);
  void submit(const Route& route, std::optional<Bearing> bearing, Work work, const Finish& finish);

  Routes routes_;
  Uses uses_;
  Cors cors_;
  AccountLimits accounts_;
};

}  // namespace sotto::server
