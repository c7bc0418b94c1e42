// Which route answers a method and a path.
#pragma once

#include <string>
#include <string_view>

#include "server/gateway/api/route.hpp"

namespace sotto::server {

struct Match {
  const Route* route = nullptr;  ///< null: no route of this method
  Input::PathValues values;
  /// The methods this path has, as `Allow` lists them; empty: there is no such path.
  std::string allow;
};

/// A literal segment goes before one in braces: /api/users/me is not the user "me". HEAD is answered by GET.
/// What the match holds points into `routes` and `path`.
Match find_route(const Routes& routes, std::string_view method, std::string_view path);

}  // namespace sotto::server
