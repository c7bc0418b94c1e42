#include "sdk/cli/commands.hpp"

#include <iostream>
#include <iterator>
#include <optional>
#include <unistd.h>

namespace sotto::cli {

namespace {

/// Exit codes: 1 it failed, 2 the command line was wrong, 3 it may work later.
constexpr int kFailed = 1;
constexpr int kWrongUse = 2;
constexpr int kTryLater = 3;

std::optional<std::string> ask(const std::string& question) {
  std::cerr << question << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer)) return std::nullopt;
  return answer;
}

std::string_view advice(ErrorCode code) {
  switch (code) {
    case ErrorCode::signed_out:
      return "sign in again with: sotto login";
    case ErrorCode::store_in_use:
      return "another sotto is using this profile; close it, or take another with --profile NAME";
    case ErrorCode::store_key_wrong:
    case ErrorCode::store_key_missing:
      return "was it made with SOTTO_PASSPHRASE set, or is store.key missing?";
    case ErrorCode::network_unreachable:
      return "is the server running, and is the address right?";
    case ErrorCode::tls_failed:
      return "a server with a certificate of its own needs --roots FILE";
    case ErrorCode::otp_invalid:
      return "check the code; after five wrong ones ask for another";
    case ErrorCode::otp_expired:
    case ErrorCode::otp_exhausted:
      return "ask for a new code with: sotto login";
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
    std::cerr << refusal_of_name(*name) << '\n';
    name = ask("Your name: ");
  }
  if (!name || name->empty()) return;
  if (auto saved = client.update_profile({*name, {}, {}, {}}).get(); !saved) report(saved.error());
}

}  // namespace

int report(const Error& error) {
  std::cerr << "sotto: " << error.message;
  if (auto hint = advice(error.code); !hint.empty()) std::cerr << "\n       " << hint;
  std::cerr << '\n';
  if (error.code == ErrorCode::invalid_argument) return kWrongUse;
  return error.category == ErrorCategory::retryable ? kTryLater : kFailed;
}

std::string_view refusal_of_name(std::string_view name) {
  return name.starts_with('/')
             ? "A name that begins with / would look like a command; those come once the chat is open."
             : "";
}

int sign_in(Client& client, std::string phone_number, std::string otp) {
  if (client.account() && client.connection() != ConnectionState::signed_out) return 0;
  if (phone_number.empty()) phone_number = ask("Your phone number, like +4915112345678: ").value_or("");
  if (otp.empty()) {
    if (auto requested = client.request_otp(phone_number).get(); !requested) return report(requested.error());
    otp = ask("The code sent to " + phone_number + ": ").value_or("");
  }
  auto account = client.login({phone_number, otp}).get();
  if (!account) return report(account.error());
  std::cerr << "Signed in.\n";
  ask_for_name(client);
  return 0;
}

int send_message(Client& client, const std::string& to, std::string text) {
  if (!client.account()) return report(Error(ErrorCode::signed_out, "nobody is signed in"));
  if (text == "-") text.assign(std::istreambuf_iterator<char>(std::cin), {});
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
      std::cout << to_string(message->message_id) << '\n';
      return 0;
    default:
      if (message->failure) return report(*message->failure);
      std::cerr << "sotto: the server cannot be reached; the message is kept and goes out with the next "
                   "sotto send, chat or rpc\n";
      return kTryLater;
  }
}

}  // namespace sotto::cli
