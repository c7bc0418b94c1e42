#include "sdk/cli/commands.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <unistd.h>

#include <boost/algorithm/string/trim.hpp>

#include "sdk/cli/output.hpp"

namespace sotto::cli {

namespace {

std::string_view advice(ErrorCode code) {
  switch (code) {
    case ErrorCode::signed_out:
      return "sign in with: sotto login";
    case ErrorCode::store_in_use:
      return "another sotto is using this profile; close it, or take another with --profile NAME";
    case ErrorCode::store_other_server:
      return "for an account at another server take another --profile NAME; if this server has a new "
             "address, say so with "
             "--server-moved";
    case ErrorCode::store_key_wrong:
    case ErrorCode::store_key_missing:
      return "was it made with SOTTO_PASSPHRASE set, or is store.key missing?";
    case ErrorCode::network_unreachable:
      return "is the server running, and is the address right?";
    case ErrorCode::tls_failed:
      return "a server with a certificate of its own needs --roots FILE";
    case ErrorCode::otp_invalid:
      return "after five wrong ones you need a new one";
    case ErrorCode::otp_expired:
    case ErrorCode::otp_exhausted:
      return "ask for a new code with: sotto login";
    default:
      return "";
  }
}

/// What happened, for a person; "" where the error says it well.
std::string_view plain_words(ErrorCode code) {
  switch (code) {
    case ErrorCode::otp_invalid:
      return "this is not the code";
    case ErrorCode::otp_expired:
      return "the code is too old";
    case ErrorCode::otp_exhausted:
      return "there have been too many wrong codes";
    case ErrorCode::rate_limited:
      return "too many tries; wait a little";
    default:
      return "";
  }
}

/// A new account has no name yet, and "user 382901" helps nobody. Scripts are not asked.
void ask_for_name(Client& client) {
  auto profile = client.me().get();
  if (!profile || !profile->display_name.empty() || ::isatty(STDIN_FILENO) == 0) return;
  auto name = ask("Your name, as the others will see it: ");
  while (name && !refusal_of_name(*name).empty()) {
    tell(refusal_of_name(*name));
    name = ask("Your name: ");
  }
  if (!name || name->empty()) return;
  if (auto saved = client.update_profile({*name, {}, {}, {}}).get(); !saved) report(saved.error());
}

}  // namespace

int report(const Error& error) {
  const auto words = plain_words(error.code);
  tell("sotto: " + (words.empty() ? brief(error.message) : std::string(words)));
  if (auto hint = advice(error.code); !hint.empty()) tell("       " + std::string(hint));
  if (error.code == ErrorCode::invalid_argument) return kWrongUse;
  return error.category == ErrorCategory::retryable ? kTryLater : kFailed;
}

std::string_view refusal_of_name(std::string_view name) {
  return name.starts_with('/')
             ? "A name that begins with / would look like a command; those come once the chat is open."
             : "";
}

Result<std::string> sign_in_code(const CodeArguments& arguments, bool is_on_this_machine) {
  if (!arguments.code.empty()) {
    if (!is_on_this_machine) {
      return Error(
          ErrorCode::invalid_argument,
          "--code shows the code to everybody on this machine, so it is for servers on it alone; type the "
          "code when asked, or use --code-file FILE or SOTTO_CODE");
    }
    tell("sotto: warning: everybody on this machine can read --code; --code-file FILE is private");
    return arguments.code;
  }
  if (!arguments.code_file.empty()) {
    std::ifstream file(arguments.code_file);
    std::string code;
    if (!std::getline(file, code))
      return Error(ErrorCode::invalid_argument, "cannot read a code from " + arguments.code_file);
    return boost::trim_copy(code);
  }
  const char* code = std::getenv("SOTTO_CODE");
  return std::string(code != nullptr ? code : "");
}

bool is_signed_in(const Client& client) {
  return client.account() && client.connection() != ConnectionState::signed_out;
}

int sign_in(Client& client, std::string phone_number, std::string otp) {
  if (is_signed_in(client)) return 0;
  if (phone_number.empty())
    phone_number = boost::trim_copy(ask("Your phone number, like +4915112345678: ").value_or(""));
  if (phone_number.empty()) return report(Error(ErrorCode::invalid_argument, "no phone number was given"));
  if (otp.empty()) {
    if (auto requested = client.request_otp(phone_number).get(); !requested) return report(requested.error());
    otp = boost::trim_copy(ask("The code sent to " + phone_number + ": ").value_or(""));
  }
  if (otp.empty()) return report(Error(ErrorCode::invalid_argument, "no code was given"));
  auto account = client.login({phone_number, otp}).get();
  if (!account) return report(account.error());
  tell("Signed in.");
  ask_for_name(client);
  return 0;
}

int send_message(Client& client, const std::string& to, std::string text) {
  if (!client.account()) return report(Error(ErrorCode::signed_out, "nobody is signed in"));
  if (text == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
    if (text.ends_with('\n')) text.pop_back();  // of the last line
  }
  Target target = PhoneNumber{to};
  if (!to.starts_with('+')) {
    auto id = parse_id<ConversationId>(to);
    if (!id) {
      return report(Error(ErrorCode::invalid_argument,
                          "\"" + to + "\" is neither a phone number (+49…) nor a conversation's id"));
    }
    target = *id;
  }
  if (auto connected = client.connect().get(); !connected) return report(connected.error());
  auto sent = client.send(std::move(target), {std::move(text), {}, {}, {}}).get();
  if (!sent) return report(sent.error());
  auto synced = client.wait_until_synced(kSendWait).get();
  auto message = client.message(sent->local_id).get();
  if (!message) return report(message.error());
  switch (message->state) {
    case MessageState::sent:
    case MessageState::delivered:
    case MessageState::read:
      print(to_string(message->message_id));
      return 0;
    default:
      if (message->failure) return report(*message->failure);
      tell(
          "sotto: the server cannot be reached; the message is kept and goes out with the next sotto send, "
          "chat or "
          "rpc");
      return kTryLater;
  }
}

}  // namespace sotto::cli
