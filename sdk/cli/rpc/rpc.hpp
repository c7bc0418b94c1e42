// `sotto rpc`: the SDK for scripts and bots. One request a line on standard input, answers and events on
// standard output.
//
// Requests are carried out one after the other, in the order of their lines, so a script may write them all
// at once; events come in between. While one is being carried out nothing more is read, so a script that
// writes faster than the client works is slowed down by the pipe. End of input lets the last request finish,
// closes the client and ends.
#pragma once

#include <string>

#include "sotto/client.hpp"

namespace sotto::cli {

/// Serves until end of input, `shutdown`, SIGINT or SIGTERM. Returns the process's exit code.
int run_rpc(Client& client, int input, int output);

}  // namespace sotto::cli
