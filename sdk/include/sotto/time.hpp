// Times in whole milliseconds since 1970 (UTC), as in the protocol.
//
//   std::time_t shown = std::chrono::system_clock::to_time_t(message.created_at);
#pragma once

#include <chrono>

namespace sotto {

using Milliseconds = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<Milliseconds>;

}  // namespace sotto
