// A bot that answers every text with the same text, also those that came while it was away.
//   echo-bot http://127.0.0.1:8080 +491700000001
#include <iostream>
#include <semaphore>

#include <sotto/client.hpp>

int fail(const sotto::Error& error) {
  std::cerr << "echo-bot: " << error.message << '\n';
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: echo-bot SERVER_URL PHONE_NUMBER\n";
    return 2;
  }
  const std::string phone_number = argv[2];
  sotto::ClientOptions options;
  options.server_url = argv[1];
  options.directory = "echo-bot.data";
  auto opened = sotto::Client::open(options);
  if (!opened) return fail(opened.error());
  sotto::Client& client = **opened;

  if (!client.account()) {
    if (auto asked = client.request_otp(phone_number).get(); !asked) return fail(asked.error());
    std::cout << "code sent to " << phone_number << ": " << std::flush;
    std::string code;
    std::getline(std::cin, code);
    if (auto account = client.login({phone_number, code}).get(); !account) return fail(account.error());
  }

  std::binary_semaphore something_happened{0};
  client.set_wake_up([&] { something_happened.release(); });
  if (auto wanted = client.connect().get(); !wanted) return fail(wanted.error());
  for (;;) {
    something_happened.acquire();
    for (const sotto::Event& event : client.poll()) {
      const auto* added = std::get_if<sotto::MessageAdded>(&event);
      if (added == nullptr || added->message.is_mine) continue;
      client.mark_read(added->message.conversation_id, added->message.message_id, [](sotto::Result<void>) {});
      client.send(added->message.conversation_id, {added->message.text},
                  [](sotto::Result<sotto::SendReceipt> sent) {
                    if (!sent) std::cerr << "echo-bot: " << sent.error().message << '\n';
                  });
    }
  }
}
