// The only way to the terminal for the commands that write plain lines; `chat` draws (chat_screen). What is
// printed may come from a server or from other people, so it is made harmless here (text_layout.hpp).
//
//   print(to_string(id));                        // a result, on standard output
//   tell("sotto: " + brief(error.message));      // for the person, on standard error
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sotto::cli {

/// A line on standard output.
void print(std::string_view line);
/// A line on standard error.
void tell(std::string_view line);
/// Asks on standard error for a line of standard input; nothing at its end.
std::optional<std::string> ask(std::string_view question);

/// As much of somebody else's text as fits into a message of ours: 300 columns.
std::string brief(std::string_view text);

}  // namespace sotto::cli
