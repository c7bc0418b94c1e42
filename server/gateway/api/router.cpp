#include "server/gateway/api/router.hpp"

#include <algorithm>
#include <optional>

namespace sotto::server {
namespace {

std::string_view take_segment(std::string_view& path) {
  const auto slash = std::min(path.find('/', 1), path.size());
  const std::string_view segment = path.substr(0, slash);
  path.remove_prefix(slash);
  return segment;
}

std::optional<Input::PathValues> match(std::string_view pattern, std::string_view path) {
  Input::PathValues values;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_segment(pattern);
    const std::string_view given = take_segment(path);
    if (wanted.starts_with("/{")) {
      if (given.size() < 2) return std::nullopt;
      values.emplace_back(wanted.substr(2, wanted.size() - 3), given.substr(1));
    } else if (wanted != given) {
      return std::nullopt;
    }
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return values;
}

}  // namespace

Match find_route(const Routes& routes, std::string_view method, std::string_view path) {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  Match best;
  bool found = false;
  for (const Route& route : routes) {
    auto values = match(route.pattern, path);
    if (!values) continue;
    const bool more_literal = found && values->size() < best.values.size();
    if (found && values->size() > best.values.size()) continue;
    if (!found || more_literal) best = Match{nullptr, std::move(*values), {}};
    found = true;
    best.allow += (best.allow.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == "GET") best.allow += ", HEAD";
    if (route.method == wanted) {
      best.route = &route;
      best.values = *match(route.pattern, path);  // patterns of one path may name their values differently
    }
  }
  return best;
}

}  // namespace sotto::server
