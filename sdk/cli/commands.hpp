// The commands that ask and answer in plain lines: `sotto login` and `sotto send`. `sotto chat` signs in with
// the same questions.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "sotto/client.hpp"

namespace sotto::cli {

/// Exit codes: it failed, the command line was wrong, it may work later.
inline constexpr int kFailed = 1;
inline constexpr int kWrongUse = 2;
inline constexpr int kTryLater = 3;

/// How long `sotto send` waits for the server to have the message; it stays queued on this device after that.
inline constexpr std::chrono::milliseconds kSendWait{30'000};

/// Where the code for signing in may come from; else it is asked for.
struct CodeArguments {
  std::string code;  ///< on the command line, where everybody on the machine can read it
  std::string code_file;
};

/// "" where it is to be asked for. `code` is for servers on this machine alone, and comes with a warning.
Result<std::string> sign_in_code(const CodeArguments& arguments, bool is_on_this_machine);

bool is_signed_in(const Client& client);

/// Signs in, asking on the terminal for what is not given. Does nothing where somebody is signed in, unless
/// that is another person. Returns an exit code.
int sign_in(Client& client, std::string phone_number, std::string otp);

/// What to tell who gives this as a person's name; empty: it is one. "/new ..." typed too early is no name.
std::string_view refusal_of_name(std::string_view name);

/// Sends one message; `to` is a phone number ("+4915…") or a conversation's id. Text "-": standard input,
/// without the end of its last line.
int send_message(Client& client, const std::string& to, std::string text);

/// One line on standard error that says what went wrong and what to do; returns the exit code for it.
int report(const Error& error);

}  // namespace sotto::cli
