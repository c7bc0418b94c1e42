// What load balancers and Prometheus ask.
#include "base/bytes.hpp"
#include "server/application/application.hpp"
#include "server/gateway/api/routes.hpp"
#include "server/gateway/bearer.hpp"
#include "server/metrics/exposition.hpp"
#include "server/ports/store.hpp"

namespace sotto::server {
namespace {

Answer plain(std::string_view content_type, std::string body) {
  Answer answer;
  answer.response.content_type = content_type;
  answer.response.headers.push_back({"Cache-Control", "no-store"});
  answer.response.body = std::move(body);
  return answer;
}

bool may_see_metrics(const HttpRequest& request, const SecretBytes& token) {
  if (token.empty()) return true;
  const auto given = bearer_token(request);
  return given && equal_constant_time(as_bytes(*given), token.view());
}

}  // namespace

void add_process_routes(Routes& routes, Application& app, const ProcessState& process) {
  const Metrics& metrics = app.ports.metrics;

  routes.push_back({"GET", "/healthz", Access::open,
                    [](Input&) -> Work { return plain("text/plain; charset=utf-8", "ok\n"); }});

  routes.push_back({"GET", "/readyz", Access::open, [&](Input&) -> Work {
                      if (const auto reason = process.not_ready())
                        return refusal(503, "unavailable", "not ready: " + *reason);
                      // Through the writer's queue and a transaction that is synced, to see that all of it
                      // still moves.
                      return Write{[](Store& store, WriteContext&, const Caller&) {
                        store.touch();
                        return plain("text/plain; charset=utf-8", "ready\n");
                      }};
                    }});

  routes.push_back({"GET", "/metrics", Access::open, [&](Input& in) -> Work {
                      if (!may_see_metrics(in.request(), process.metrics_token))
                        return refusal(401, "unauthorized", "the metrics need their own token");
                      return plain(kExpositionContentType, expose(metrics, process.version));
                    }});
}

}  // namespace sotto::server
