// `sotto chat`: conversations on the left, the open one on the right, a line to type in below.
#pragma once

#include <string>

#include "sotto/client.hpp"

namespace sotto::cli {

/// Whether there is a screen to draw on and a keyboard.
bool is_in_a_terminal();

/// In a terminal. Runs until the person leaves. `with`: a phone number whose chat is opened first, or "".
/// Returns an exit code.
int run_chat(Client& client, const std::string& with);

}  // namespace sotto::cli
