// How the library's own tests and its test kit make a Client on surroundings of their own.
//
//   client::Platform platform{std::move(loop), std::move(transport), now, random, 1, nullptr};
//   auto client = ClientAccess::open(options, std::move(platform));
//
// `open` is the one thing beside the public API that the shared library shows: through it testkit/ puts a
// real client on a virtual clock and network.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/random.hpp"
#include "sdk/engine/effects.hpp"
#include "sdk/net/loop.hpp"
#include "sdk/net/transport.hpp"
#include "sotto/client.hpp"
#include "sotto/export.hpp"

namespace sotto {

namespace client {

struct Parts;

/// What a client touches of the world outside.
struct Platform {
  std::unique_ptr<net::Loop> loop;
  std::unique_ptr<net::Transport> transport;
  std::function<engine::Now()> now;
  Random& random;  ///< used by the loop's thread, and there until the loop is gone
  /// Calls that wait together share a transaction, at most so many. With 1 what a client does never depends
  /// on how fast its thread is, so that a seed repeats it.
  std::ptrdiff_t joined_calls;
  /// SQLite's, under the store; nullptr: the system's.
  const char* vfs;
};

}  // namespace client

struct ClientAccess {
  static std::unique_ptr<Client> make(client::Parts parts, std::size_t max_pending_events = 10'000);
  /// Client::open on another platform.
  SOTTO_API static Result<std::unique_ptr<Client>> open(ClientOptions options, client::Platform platform);
};

}  // namespace sotto
