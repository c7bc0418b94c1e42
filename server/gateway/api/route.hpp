// One entry of the table of routes, and the work that a handler makes of a request.
//
//   {"PATCH", "/api/groups/{conversation_id}", Access::token, rename_group}
//
// A handler is sans-I/O: it takes the request apart and says what is to be done with the store. RestApi
// submits that as one job and hands the answer to the responder.
#pragma once

#include <functional>
#include <string_view>
#include <variant>
#include <vector>

#include "server/gateway/api/answer.hpp"
#include "server/gateway/api/input.hpp"
#include "server/model/identity.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

/// Runs on a reader, against one snapshot.
using Read = std::function<Answer(const Store&, Timestamp now, const Caller&)>;
/// Runs on the writer, inside a transaction, perhaps more than once: it changes nothing but the store.
using Write = std::function<Answer(Store&, WriteContext&, const Caller&)>;
/// Answers at once with `Answer`, or with what the job answers.
using Work = std::variant<Answer, Read, Write>;

/// With `token` the caller is authenticated in the same job, before anything else is looked at; with `open`
/// the work gets an empty Caller.
enum class Access { open, token };

struct Route {
  std::string_view method;
  std::string_view pattern;  ///< segments in braces are values: {user_id}
  Access access;
  std::function<Work(Input&)> handler;
};

using Routes = std::vector<Route>;

}  // namespace sotto::server
