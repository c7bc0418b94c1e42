// Host names to addresses. The system's getaddrinfo() cannot be interrupted and may take half a minute on a
// bad network, so each lookup has a thread of its own that nobody waits for: a client closes while one is
// stuck.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sdk/net/io_loop.hpp"
#include "sotto/error.hpp"

namespace sotto::net {

/// Calls `done` on the loop, never from inside, and not at all once the loop is gone. The list is never
/// empty.
void look_up(IoLoop& loop, const std::string& host, std::uint16_t port,
             std::function<void(Result<std::vector<Endpoint>>)> done);

}  // namespace sotto::net
