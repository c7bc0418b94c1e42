// The table of routes of docs/openapi.yaml, concept by concept. What the handlers use is referred to and
// outlives the table.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "server/gateway/api/rest_api.hpp"
#include "server/gateway/api/route.hpp"

namespace sotto::server {

struct Application;

/// What the process knows about itself.
struct ProcessState {
  std::string version;
  /// Why no traffic should come here now ("draining", "the disk is full"), or nothing.
  std::function<std::optional<std::string>()> not_ready;
  /// If it is not empty, /metrics wants it as a bearer token.
  SecretBytes metrics_token;
};

/// Each appends its routes.
void add_auth_routes(Routes& routes, Application& app);
void add_device_routes(Routes& routes, Application& app);
void add_user_routes(Routes& routes, Application& app);
void add_contact_routes(Routes& routes, Application& app);
void add_group_routes(Routes& routes, Application& app);
void add_conversation_routes(Routes& routes, Application& app);
void add_process_routes(Routes& routes, Application& app, const ProcessState& process);

Routes all_routes(Application& app, const ProcessState& process);

/// The whole REST API of the server. `process` outlives it. `clock`: of tokens and limits.
RestApi make_rest_api(Application& app, const ProcessState& process, Cors cors,
                      std::function<Timestamp()> clock = wall_clock_now);

}  // namespace sotto::server
