// docs/openapi.yaml and the table of routes say the same.
#include <cctype>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/adapters/console/console_otp_sender.hpp"
#include "server/adapters/memory/memory_session_registry.hpp"
#include "server/application/application.hpp"
#include "server/gateway/api/routes.hpp"
#include "server/metrics/metrics.hpp"
#include "server/services/accounts/access_token.hpp"
#include "tests/unit/server/fake_storage.hpp"

namespace sotto::server {
namespace {

using testing::HasSubstr;

std::string document() {
  std::ifstream in(SOTTO_OPENAPI_FILE);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// "GET /api/users/me" of each operation. The document keeps to the usual layout of YAML: paths are indented
/// by two, methods by four.
std::set<std::string> documented_operations() {
  std::istringstream lines(document());
  std::set<std::string> found;
  std::string line, path;
  while (std::getline(lines, line)) {
    if (line.starts_with("  /") && line.ends_with(":")) path = line.substr(2, line.size() - 3);
    if (line.size() > 5 && line.starts_with("    ") && line[4] != ' ' && line.ends_with(":") &&
        !path.empty()) {
      std::string method = line.substr(4, line.size() - 5);
      if (!std::set<std::string>{"get", "put", "post", "patch", "delete"}.contains(method)) continue;
      for (char& c : method)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      found.insert(method + " " + path);
    }
    if (line == "components:") break;
  }
  return found;
}

struct World {
  Metrics metrics;
  std::ostringstream console;
  ConsoleOtpSender sender{console, metrics};
  FakeStorage storage;
  MemorySessionRegistry registry;
  NoPush push;
  Application app{Limits(),
                  false,
                  {.storage = storage,
                   .registry = registry,
                   .otp_sender = sender,
                   .push_sender = push,
                   .random = system_random(),
                   .metrics = metrics}};
  ProcessState process{"1", [] { return std::nullopt; }, SecretBytes()};
  Routes routes = all_routes(app, process);
};

TEST(OpenApi, DescribesEveryRouteAndNoOther) {
  const World world;
  std::set<std::string> served;
  for (const Route& route : world.routes)
    served.insert(std::string(route.method) + " " + std::string(route.pattern));
  auto documented = documented_operations();
  EXPECT_TRUE(documented.erase("GET /ws/connect")) << "the WebSocket is the listener's, not a route";
  EXPECT_EQ(documented, served);
}

TEST(OpenApi, NamesEveryCodeARefusalCanHave) {
  const std::string text = document();
  for (int code = 0; code <= static_cast<int>(ServiceCode::internal); ++code)
    EXPECT_THAT(text, HasSubstr("- " + std::string(rest_word(static_cast<ServiceCode>(code))) + "\n"));
}

TEST(Routes, NeedATokenUnlessTheyAreForSigningInOrForTheProcess) {
  const World world;
  const std::set<std::string> open{"/api/auth/otp", "/api/auth/login", "/api/auth/refresh",
                                   "/healthz",      "/readyz",         "/metrics"};
  for (const Route& route : world.routes)
    EXPECT_EQ(route.access == Access::open, open.contains(std::string(route.pattern))) << route.pattern;
}

}  // namespace
}  // namespace sotto::server
