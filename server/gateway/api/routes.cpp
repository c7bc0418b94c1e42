#include "server/gateway/api/routes.hpp"

#include <utility>

#include "server/application/application.hpp"

namespace sotto::server {

Routes all_routes(Application& app, const ProcessState& process) {
  Routes routes;
  add_auth_routes(routes, app);
  add_device_routes(routes, app);
  add_user_routes(routes, app);
  add_contact_routes(routes, app);
  add_conversation_routes(routes, app);
  add_group_routes(routes, app);
  add_process_routes(routes, app, process);
  return routes;
}

RestApi make_rest_api(Application& app, const ProcessState& process, Cors cors,
                      std::function<Timestamp()> clock) {
  return {
      all_routes(app, process),
      {app.ports.storage,
       [&auth = app.services.auth](const Store& store, Timestamp now, std::string_view token) {
         return auth.authenticate(store, now, token);
       },
       [&auth = app.services.auth](Timestamp at, std::string_view token) { return auth.bearer(at, token); },
       std::move(clock), app.ports.metrics, app.limits},
      std::move(cors)};
}

}  // namespace sotto::server
