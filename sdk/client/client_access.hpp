// How the library's own tests and its test kit make a Client on surroundings of their own.
#pragma once

#include <memory>

#include "sdk/client/runtime.hpp"
#include "sotto/client.hpp"

namespace sotto {

struct ClientAccess {
  static std::unique_ptr<Client> make(client::Parts parts, std::size_t max_pending_events = 10'000);
};

}  // namespace sotto
