// `sotto`: chat in a terminal, send from scripts, drive the SDK by JSON-RPC.
#include <clocale>
#include <csignal>
#include <iostream>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "sdk/cli/chat/chat.hpp"
#include "sdk/cli/commands.hpp"
#include "sdk/cli/profile.hpp"
#include "sdk/cli/rpc/rpc.hpp"

namespace {

using namespace sotto;
using namespace sotto::cli;

void add_profile_options(CLI::App& command, ProfileArguments& arguments) {
  command.add_option("--server", arguments.server, "The server's address, https://host[:port]; remembered");
  command.add_option("--profile", arguments.profile, "Which of several accounts on this machine")
      ->capture_default_str();
  command.add_option("--store", arguments.store, "Keep the account in this directory instead of a profile's");
  command.add_option("--roots", arguments.trusted_roots_file,
                     "Trust the certificates in this PEM file instead of the system's");
}

int with_client(const ProfileArguments& arguments, const std::function<int(Client&)>& command) {
  auto client = open_profile(arguments);
  if (!client) return report(client.error());
  const int code = command(**client);
  (void)(*client)->close().get();
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  std::signal(SIGPIPE,
              SIG_IGN);  // a reader that has gone is an error of write(2), not the end of the process

  CLI::App app{
      "Sotto: chat that stays between the people in it.\n\nStart with: sotto chat --server "
      "https://chat.example.org"};
  app.set_version_flag("--version", SOTTO_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Environment:\n"
      "  SOTTO_PASSPHRASE   encrypts the local database with this instead of a key in the profile's "
      "directory\n"
      "  NO_COLOR           no colours\n\n"
      "Exit codes: 0 done, 1 failed, 2 wrong use, 3 may work later");

  ProfileArguments arguments;
  std::string phone;
  std::string otp;
  std::string to;
  std::string text;

  auto* login = app.add_subcommand("login", "Sign in with a phone number and the code that is sent to it");
  add_profile_options(*login, arguments);
  login->add_option("--phone", phone, "Your number, like +4915112345678; asked for otherwise");
  login->add_option("--code", otp, "The code; asked for otherwise");

  auto* chat = app.add_subcommand("chat", "Chat in this terminal; signs in first where needed");
  add_profile_options(*chat, arguments);
  chat->add_option("--phone", phone, "Your number, for signing in");
  chat->add_option("--code", otp, "The code, for signing in");
  chat->add_option("with", to, "Open the chat with this number (+49…)");

  auto* send = app.add_subcommand("send", "Send one message, wait until the server has it, print its id");
  add_profile_options(*send, arguments);
  send->add_option("to", to, "A phone number (+49…) or a conversation's id")->required();
  send->add_option("text", text, "The message; - reads standard input")->required();

  auto* rpc = app.add_subcommand("rpc", "JSON-RPC 2.0 on standard input and output, a request a line");
  add_profile_options(*rpc, arguments);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  try {
    return with_client(arguments, [&](Client& client) {
      if (rpc->parsed()) return run_rpc(client, STDIN_FILENO, STDOUT_FILENO);
      if (send->parsed()) return send_message(client, to, text);
      if (const int code = sign_in(client, phone, otp); code != 0 || login->parsed()) return code;
      return run_chat(client, to);
    });
  } catch (const std::exception& error) {
    std::cerr << "sotto: " << error.what() << '\n';
    return 1;
  }
}
