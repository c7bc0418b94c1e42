#include "server/gateway/api/routes.hpp"

namespace sotto::server {

Routes all_routes(const ApiServices& services, const ProcessState& process) {
  Routes routes;
  add_auth_routes(routes, services);
  add_device_routes(routes, services);
  add_user_routes(routes, services);
  add_contact_routes(routes, services);
  add_conversation_routes(routes, services);
  add_group_routes(routes, services);
  add_process_routes(routes, services, process);
  return routes;
}

}  // namespace sotto::server
