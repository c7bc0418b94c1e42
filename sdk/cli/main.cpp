// `sotto`: chat in a terminal, send from scripts, drive the SDK by JSON-RPC.
#include <clocale>
#include <csignal>
#include <sstream>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/algorithm/string/trim.hpp>

#include "sdk/cli/chat/chat.hpp"
#include "sdk/cli/commands.hpp"
#include "sdk/cli/output.hpp"
#include "sdk/cli/profile.hpp"
#include "sdk/cli/rpc/rpc.hpp"

namespace {

using namespace sotto;
using namespace sotto::cli;

void add_profile_options(CLI::App& command, ProfileArguments& arguments) {
  const auto add = [&](const char* name, auto& value, const char* type, const char* what) {
    command.add_option(name, value, what)->type_name(type);
  };
  add("--server", arguments.server, "URL", "The server, https://host[:port]; needed once, then remembered");
  command.add_flag("--server-moved", arguments.server_moved,
                   "The account's server has the new address that --server gives");
  command.add_flag("--insecure", arguments.insecure,
                   "Allow http:// to another machine: everything is sent unencrypted");
  add("--roots", arguments.trusted_roots_file, "FILE",
      "Trust the certificates in this PEM file instead of the system's");
  add("--profile", arguments.profile, "NAME", "Which account, if you have several on this machine");
  add("--store", arguments.store, "DIRECTORY", "Keep the account here instead");
}

void add_sign_in_options(CLI::App& command, std::string& phone, CodeArguments& code) {
  command.add_option("--phone", phone, "Your phone number, like +4915112345678; asked for if needed")
      ->type_name("NUMBER");
  command.add_option("--code-file", code.code_file, "Read the sign-in code from this file instead of asking")
      ->type_name("FILE");
  command.add_option("--code", code.code, "The sign-in code, for a test server on this machine")
      ->type_name("CODE");
}

struct Arguments {
  ProfileArguments profile;
  CodeArguments code;
  std::string phone;
  std::string to;
  std::string text;
};

/// Help and mistakes in the command line, through the one way to the terminal.
int explain(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream help;
  std::ostringstream ignored;
  if (app.exit(error, help, ignored) == 0) {
    print(boost::trim_right_copy(help.str()));
    return 0;
  }
  if (app.get_subcommands().empty() && error.get_name() == "RequiredError") {
    tell("sotto: say what to do: login, chat, send or rpc; sotto --help explains them");
    return kWrongUse;
  }
  tell("sotto: " + brief(error.what()));
  if (app.got_subcommand("send"))
    tell("       like this: sotto send +4915112345678 \"a message of several words\"");
  tell("       sotto --help explains more");
  return kWrongUse;
}

int run(const CLI::App& app, const Arguments& arguments) {
  const bool chat = app.got_subcommand("chat");
  if (chat && !is_in_a_terminal()) {
    tell("sotto: chat needs a terminal; scripts use sotto send or sotto rpc");
    return kWrongUse;
  }
  auto profile = find_profile(arguments.profile);
  if (!profile) return report(profile.error());
  auto code = sign_in_code(arguments.code, is_on_this_machine(profile->server));
  if (!code) return report(code.error());
  auto opened = open_profile(*profile, arguments.profile);
  if (!opened) return report(opened.error());
  Client& client = **opened;
  int result = 0;
  if (app.got_subcommand("rpc")) {
    result = run_rpc(client, STDIN_FILENO, STDOUT_FILENO);
  } else if (app.got_subcommand("send")) {
    result = send_message(client, arguments.to, arguments.text);
  } else {
    if (!chat && is_signed_in(client)) tell("You are already signed in.");
    result = sign_in(client, arguments.phone, *code);
    if (result == 0 && chat) result = run_chat(client, arguments.to);
  }
  (void)client.close().get();
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  // A reader that has gone is an error of write(2), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);

  CLI::App app{
      "Sotto: private chat in your terminal.\n\n"
      "Start with:  sotto chat --server https://chat.example.org\n"
      "It asks for your phone number and the code that is sent to it.\n",
      "sotto"};
  app.set_version_flag("--version", SOTTO_VERSION, "Print the version");
  app.set_help_flag("-h,--help", "Print this");
  app.require_subcommand(1);

  Arguments arguments;

  auto* login = app.add_subcommand("login", "Sign in with your phone number");
  add_sign_in_options(*login, arguments.phone, arguments.code);
  add_profile_options(*login, arguments.profile);

  auto* chat = app.add_subcommand("chat", "Chat; signs you in first if needed");
  chat->add_option("with", arguments.to, "Open the chat with this phone number")->type_name("");
  add_sign_in_options(*chat, arguments.phone, arguments.code);
  add_profile_options(*chat, arguments.profile);

  auto* send = app.add_subcommand("send", "Send one message, wait until the server has it, print its id");
  send->add_option("to", arguments.to, "A phone number like +4915112345678, or a conversation's id")
      ->type_name("")
      ->required();
  send->add_option("text", arguments.text, "The message, in quotes; - reads standard input")
      ->type_name("")
      ->required();
  add_profile_options(*send, arguments.profile);

  auto* rpc = app.add_subcommand(
      "rpc", "For programs: JSON-RPC 2.0 on standard input and output, one request a line");
  add_profile_options(*rpc, arguments.profile);

  // Last, since a command that is added takes it over.
  app.footer(
      "sotto COMMAND --help explains a command.\n\n"
      "Environment:\n"
      "  SOTTO_PASSPHRASE  encrypts your messages on this machine with a passphrase\n"
      "                    instead of a key file\n"
      "  SOTTO_CODE        the sign-in code, for scripts\n"
      "  NO_COLOR          no colours\n\n"
      "Exit codes: 0 done, 1 failed, 2 wrong use, 3 try again later");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(app, error);
  }
  try {
    return run(app, arguments);
  } catch (const std::exception& error) {
    tell("sotto: " + brief(error.what()));
    return kFailed;
  }
}
