// A conversation with one person in a terminal. Lines that are typed are sent, online or not.
//   minimal-chat http://127.0.0.1:8080 +491700000001 +491700000002
#include <condition_variable>
#include <deque>
#include <functional>
#include <iostream>
#include <mutex>
#include <thread>

#include <sotto/client.hpp>

namespace {

int fail(const sotto::Error& error) {
  std::cerr << "minimal-chat: " << error.message << '\n';
  return 1;
}

// The thread that everything of the app happens on, apart from reading the keyboard. A program with a user
// interface has such a loop already.
class Loop {
 public:
  Loop() : thread_([this] { run(); }) {}
  ~Loop() {
    post({});
    thread_.join();
  }
  void post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !tasks_.empty(); });
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      if (!task) return;
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
};

sotto::Result<void> sign_in(sotto::Client& client, const std::string& phone_number) {
  if (client.account()) return {};
  if (auto asked = client.request_otp(phone_number).get(); !asked) return asked.error();
  std::cout << "code sent to " << phone_number << ": " << std::flush;
  std::string code;
  std::getline(std::cin, code);
  auto account = client.login({phone_number, code}).get();
  if (!account) return account.error();
  return {};
}

void show(const sotto::Event& event) {
  if (const auto* added = std::get_if<sotto::MessageAdded>(&event)) {
    if (!added->message.is_mine) std::cout << "< " << added->message.text << std::endl;
  } else if (const auto* changed = std::get_if<sotto::MessageChanged>(&event)) {
    std::cout << "  (" << to_string(changed->message.state) << ": " << changed->message.text << ")"
              << std::endl;
  } else if (const auto* connection = std::get_if<sotto::ConnectionChanged>(&event)) {
    std::cout << "  [" << to_string(connection->state) << "]" << std::endl;
  } else if (const auto* error = std::get_if<sotto::ErrorOccurred>(&event)) {
    std::cerr << "  " << error->error.message << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: minimal-chat SERVER_URL OWN_PHONE_NUMBER THEIR_PHONE_NUMBER\n";
    return 2;
  }
  sotto::ClientOptions options;
  options.server_url = argv[1];
  options.directory = std::string("minimal-chat.") + argv[2];
  auto opened = sotto::Client::open(options);
  if (!opened) return fail(opened.error());
  sotto::Client& client = **opened;
  if (auto in = sign_in(client, argv[2]); !in) return fail(in.error());

  Loop loop;
  client.on_event([&](std::function<void()> task) { loop.post(std::move(task)); }, show);
  if (auto wanted = client.connect().get(); !wanted) return fail(wanted.error());
  const sotto::Target them = sotto::PhoneNumber{argv[3]};
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty()) continue;
    auto sent = client.send(them, {line}).get();  // stored; what becomes of it is shown as it happens
    if (!sent) std::cerr << "  " << sent.error().message << '\n';
  }
  // Whatever was typed last still goes out, if there is a connection.
  (void)client.wait_until_synced(std::chrono::seconds(5)).get();
  auto closed = client.close().get();
  return closed ? 0 : fail(closed.error());
}
