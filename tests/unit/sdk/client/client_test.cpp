// The client's threads and its end, on the real engine with a store in memory and a network without sockets.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <list>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "sdk/client/client_access.hpp"
#include "sdk/client/runtime.hpp"
#include "sdk/store/store.hpp"
#include "tests/unit/sdk/client/app_thread.hpp"
#include "tests/unit/sdk/client/fake_transport.hpp"

namespace sotto::client {

namespace {

engine::Now now() {
  const auto steady = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Milliseconds>(steady), wall_clock_now()};
}

std::unique_ptr<Client> make_client(const std::function<void(FakeTransport&)>& prepare = {}) {
  Parts parts;
  parts.loop = std::make_unique<net::IoLoop>();
  auto network = std::make_unique<FakeTransport>(*parts.loop);
  if (prepare) prepare(*network);
  parts.transport = std::move(network);
  auto store = store::Store::open({{}, StoreKey::none()});
  EXPECT_TRUE(store.ok());
  parts.engine =
      std::make_unique<engine::Engine>(std::move(*store), system_random(), engine::EngineOptions{});
  EXPECT_TRUE(parts.engine->start(now()).ok());
  parts.now = now;
  parts.server_url = "https://chat.example/base/";
  return ClientAccess::make(std::move(parts));
}

/// Signs in whoever asks.
std::optional<Result<net::HttpResponse>> friendly(const net::HttpRequest& request) {
  if (request.url == "https://chat.example/base/api/auth/login") {
    return json(200, R"({"access_token":"access","refresh_token":"refresh","expires_in":3600,)"
                     R"("user_id":"7","device_id":"8"})");
  }
  return json(204, "");
}

template <class T>
ErrorCode code_of(const Result<T>& result) {
  return result.ok() ? ErrorCode{} : result.error().code;
}

/// Polls until `ready`; a failing test waits half a minute.
template <class Ready>
bool poll_until(Client& client, Ready ready) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!ready()) {
    if (std::chrono::steady_clock::now() > until) return false;
    client.poll();
    std::this_thread::yield();
  }
  return true;
}

constexpr Milliseconds kLong = std::chrono::hours(1);

}  // namespace

// ------------------------------------------------------------------ a store and its server

/// A client that can be opened again and again on one directory, at any address.
struct ServerOfAStore : ::testing::Test {
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("sotto-client-" + std::to_string(::getpid()));
  std::vector<std::string> asked;  // URLs

  ~ServerOfAStore() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  Result<std::unique_ptr<Client>> open(const std::string& url, bool moved = false) {
    ClientOptions options;
    options.server_url = url;
    options.server_moved = moved;
    options.directory = directory;
    auto loop = std::make_unique<net::IoLoop>();
    auto network = std::make_unique<FakeTransport>(*loop);
    network->answer = [this](const net::HttpRequest& request) -> std::optional<Result<net::HttpResponse>> {
      asked.push_back(request.url);
      return json(200, R"({"access_token":"access","refresh_token":"refresh","expires_in":3600,)"
                       R"("user_id":"7","device_id":"8"})");
    };
    return ClientAccess::open(
        std::move(options), Platform{std::move(loop), std::move(network), now, system_random(), 1, nullptr});
  }
  void sign_in(const std::string& url) {
    auto client = open(url);
    ASSERT_TRUE(client.ok()) << client.error().message;
    ASSERT_TRUE((*client)->login({"+491700000001", "000000"}).get().ok());
  }
};

TEST_F(ServerOfAStore, AnAccountsTokensNeverGoToAnotherServer) {
  sign_in("https://chat.example");
  asked.clear();
  for (const char* other : {"https://chat.example.org", "http://chat.example", "https://chat.example:8443",
                            "https://chat.example/other", "http://127.0.0.1:8080"}) {
    const auto client = open(other);
    ASSERT_FALSE(client.ok()) << other;
    EXPECT_EQ(client.error().code, ErrorCode::store_other_server) << other;
  }
  EXPECT_TRUE(asked.empty());
}

TEST_F(ServerOfAStore, TheSameAddressMayBeWrittenInOtherWays) {
  sign_in("https://chat.example");
  for (const char* same : {"https://chat.example/", "https://chat.example:443", "HTTPS://Chat.Example"})
    EXPECT_TRUE(open(same).ok()) << same;
}

TEST_F(ServerOfAStore, AStoreWithoutAnAccountTakesAnyServer) {
  ASSERT_TRUE(open("https://chta.example").ok());
  sign_in("https://chat.example");
  EXPECT_FALSE(open("https://chta.example").ok());
}

TEST_F(ServerOfAStore, AServerThatHasMovedIsTheSame) {
  sign_in("https://chat.example");
  ASSERT_TRUE(open("https://new.example", true).ok());
  EXPECT_TRUE(open("https://new.example").ok());
  EXPECT_FALSE(open("https://chat.example").ok());
}

TEST_F(ServerOfAStore, ThatNoVersionHasNotedIsTheFirstItIsOpenedWith) {
  sign_in("https://chat.example");
  {
    auto store = store::Store::open({directory, StoreKey::none()});
    ASSERT_TRUE(store.ok());
    (*store)->db.run("DELETE FROM server");
  }
  EXPECT_TRUE(open("https://chat.example").ok());
  EXPECT_FALSE(open("https://other.example").ok());
}

// ------------------------------------------------------------------ calls and their answers

TEST(Client, AFutureNeedsNoPoll) {
  const auto client = make_client();
  EXPECT_TRUE(client->conversations().get().ok());
}

TEST(Client, AHandlerRunsInsidePollOnTheCallersThread) {
  const auto client = make_client();
  bool ran = false;
  client->conversations([&, here = std::this_thread::get_id()](const Result<std::vector<Conversation>>& all) {
    EXPECT_TRUE(all.ok());
    EXPECT_EQ(std::this_thread::get_id(), here);
    ran = true;
  });
  (void)client->conversations().get();  // by now the answer to the first is there
  EXPECT_FALSE(ran);
  client->poll();
  EXPECT_TRUE(ran);
}

TEST(Client, AHandlerRunsOnTheExecutorOfOnEvent) {
  const auto client = make_client();
  AppThread app;
  client->on_event(app.executor(), [](const Event&) {});
  std::promise<std::thread::id> ran_on;
  client->conversations(
      [&](const Result<std::vector<Conversation>>&) { ran_on.set_value(std::this_thread::get_id()); });
  EXPECT_EQ(ran_on.get_future().get(), app.id());
}

TEST(Client, TheWakeUpComesForAnAnswer) {
  const auto client = make_client();
  std::promise<void> woken;
  client->set_wake_up([&] { woken.set_value(); });
  bool ran = false;
  client->conversations([&](const Result<std::vector<Conversation>>&) { ran = true; });
  woken.get_future().wait();
  client->poll();
  EXPECT_TRUE(ran);
}

TEST(Client, CancelEndsAnOperationWithCancelledAndOnce) {
  const auto client = make_client();  // nobody answers
  auto asked = client->request_otp("+491700000001");
  asked.cancel();
  asked.cancel();
  EXPECT_EQ(code_of(asked.get()), ErrorCode::cancelled);
  asked.cancel();

  int ran = 0;
  const Operation operation = client->request_otp("+491700000001", [&](const Result<void>& result) {
    EXPECT_EQ(code_of(result), ErrorCode::cancelled);
    ++ran;
  });
  operation.cancel();
  operation.cancel();
  EXPECT_TRUE(poll_until(*client, [&] { return ran != 0; }));
  (void)client->conversations().get();
  client->poll();
  EXPECT_EQ(ran, 1);
}

TEST(Client, CancellingAfterTheClientIsGoneDoesNothing) {
  auto client = make_client();
  auto asked = client->request_otp("+491700000001");
  client.reset();
  asked.cancel();
  EXPECT_EQ(code_of(asked.get()), ErrorCode::cancelled);
}

TEST(Client, TimeLimitsComeFromTheEnginesTimer) {
  const auto client = make_client([](FakeTransport& network) { network.answer = friendly; });
  ASSERT_TRUE(client->login({"+491700000001", "000000"}).get().ok());
  EXPECT_EQ(code_of(client->wait_until_synced(Milliseconds{20}).get()), ErrorCode::timed_out);
}

TEST(Client, RequestsGoToTheServersUrl) {
  std::promise<net::HttpRequest> seen;
  const auto client = make_client([&](FakeTransport& network) {
    network.answer = [&](const net::HttpRequest& request) -> std::optional<Result<net::HttpResponse>> {
      seen.set_value(request);
      return json(204, "");
    };
  });
  EXPECT_TRUE(client->request_otp("+491700000001").get().ok());
  const auto request = seen.get_future().get();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://chat.example/base/api/auth/otp");
  EXPECT_NE(request.body.find("+491700000001"), std::string::npos);
}

TEST(Client, TheAccountIsThereOnceSigningInHasSucceeded) {
  for (int i = 0; i < 50; ++i) {  // two threads: each time another order of theirs
    const auto client = make_client([](FakeTransport& network) { network.answer = friendly; });
    ASSERT_TRUE(client->login({"+491700000001", "000000"}).get().ok());
    ASSERT_TRUE(client->account().has_value());
    EXPECT_EQ(client->account()->user_id, UserId{7});
    ASSERT_TRUE(client->logout().get().ok());
    ASSERT_FALSE(client->account().has_value());
  }
}

TEST(Client, ConnectsWithTheTokenAndSaysGoodbyeWhenItCloses) {
  Bytes frame;
  std::promise<net::WebSocketRequest> seen;
  std::promise<std::uint16_t> closed;
  auto client = make_client([&](FakeTransport& network) {
    network.answer = friendly;
    network.accept = [&](const net::WebSocketRequest& request) {
      seen.set_value(request);
      return true;
    };
    network.on_close = [&](std::uint16_t code) { closed.set_value(code); };
  });
  ASSERT_TRUE(client->login({"+491700000001", "000000"}).get().ok());
  ASSERT_TRUE(client->connect().get().ok());
  const auto request = seen.get_future().get();
  EXPECT_EQ(request.url, "wss://chat.example/base/ws/connect");
  EXPECT_EQ(request.bearer_token, "access");
  EXPECT_EQ(request.subprotocol, "sotto.v1");
  EXPECT_TRUE(client->close().get().ok());
  EXPECT_EQ(closed.get_future().get(), 1000);
}

// ------------------------------------------------------------------ views

TEST(Client, AViewOutlivesItsClient) {
  auto client = make_client([](FakeTransport& network) { network.answer = friendly; });
  ASSERT_TRUE(client->login({"+491700000001", "000000"}).get().ok());
  const auto list = client->open_conversation_list().get();
  ASSERT_TRUE(list.ok());
  (*list)->poll();
  client.reset();
  EXPECT_TRUE((*list)->poll().empty());
  EXPECT_TRUE((*list)->rows().empty());
}

// ------------------------------------------------------------------ the end

TEST(Client, CloseEndsWhatIsOutstandingWithCancelled) {
  const auto client = make_client();
  auto asked = client->request_otp("+491700000001");
  ErrorCode handler_saw{};
  client->request_otp("+491700000002", [&](const Result<void>& result) { handler_saw = code_of(result); });
  EXPECT_TRUE(client->close().get().ok());
  EXPECT_EQ(code_of(asked.get()), ErrorCode::cancelled);
  client->poll();
  EXPECT_EQ(handler_saw, ErrorCode::cancelled);
}

TEST(Client, CallsAfterCloseFailWithInvalidState) {
  const auto client = make_client();
  EXPECT_TRUE(client->close().get().ok());
  EXPECT_EQ(code_of(client->conversations().get()), ErrorCode::invalid_state);
  EXPECT_EQ(code_of(client->request_otp("+491700000001").get()), ErrorCode::invalid_state);
  ErrorCode handler_saw{};
  client->me([&](const Result<Profile>& me) { handler_saw = code_of(me); });
  client->poll();
  EXPECT_EQ(handler_saw, ErrorCode::invalid_state);
  EXPECT_TRUE(client->close().get().ok());  // closing what is closed succeeds
  client->set_typing(ConversationId{1});
  client->network_changed();
}

TEST(Client, TheHandlerOfCloseIsTheLastToRun) {
  const auto client = make_client();
  AppThread app;
  client->on_event(app.executor(), [](const Event&) {});
  std::string order;
  std::promise<void> closed;
  client->request_otp("+491700000001", [&](const Result<void>&) { order += 'a'; });
  client->wait_until_synced(kLong, [&](const Result<void>&) { order += 'b'; });
  client->close([&](const Result<void>& result) {
    EXPECT_TRUE(result.ok());
    order += 'c';
    closed.set_value();
  });
  closed.get_future().wait();
  app.sync();
  EXPECT_EQ(order.back(), 'c');
  EXPECT_EQ(order.size(), 3u);
}

TEST(Client, ACallbackMayCloseAndWait) {
  const auto client = make_client();
  AppThread app;
  client->on_event(app.executor(), [](const Event&) {});
  std::promise<ErrorCode> closed;
  client->conversations(
      [&](const Result<std::vector<Conversation>>&) { closed.set_value(code_of(client->close().get())); });
  EXPECT_EQ(closed.get_future().get(), ErrorCode{});
}

TEST(Client, MayBeDestroyedInsideAHandlerInPoll) {
  auto client = make_client();
  bool later_ran = false;
  client->conversations([&](const Result<std::vector<Conversation>>&) { client.reset(); });
  client->conversations([&](const Result<std::vector<Conversation>>&) { later_ran = true; });
  (void)client->conversations().get();
  client->poll();
  EXPECT_EQ(client, nullptr);
  EXPECT_FALSE(later_ran);
}

TEST(Client, MayBeDestroyedInsideAHandlerOnAnExecutor) {
  auto client = make_client();
  AppThread app;
  client->on_event(app.executor(), [](const Event&) {});
  std::promise<void> called;  // not while the call is being made: no object survives that
  std::promise<void> destroyed;
  client->conversations([&](const Result<std::vector<Conversation>>&) {
    called.get_future().wait();
    client.reset();
    destroyed.set_value();
  });
  called.set_value();
  destroyed.get_future().wait();
}

TEST(Client, MayBeDestroyedOnItsOwnThreadByAnExecutorThatRunsAtOnce) {
  auto client = make_client();
  client->on_event([](const std::function<void()>& task) { task(); }, [](const Event&) {});
  std::promise<void> called;  // not while the call is being made: no object survives that
  std::promise<void> destroyed;
  client->conversations([&](const Result<std::vector<Conversation>>&) {
    called.get_future().wait();
    client.reset();
    destroyed.set_value();
  });
  called.set_value();
  destroyed.get_future().wait();
}

TEST(Client, AFutureThatIsStillWaitedForIsFulfilledByTheDestructor) {
  auto client = make_client();
  auto waiting = std::async(std::launch::async, [asked = client->request_otp("+491700000001")]() mutable {
    return code_of(asked.get());
  });
  client.reset();
  EXPECT_EQ(waiting.get(), ErrorCode::cancelled);
}

/// Calls from several threads, cancels, and the end at a random moment in a random way: every call is
/// answered exactly once, and after the end nothing is called.
TEST(Client, EveryCallEndsExactlyOnceWhenItClosesAtARandomMoment) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    std::atomic<bool> over = false;
    std::atomic<int> asked = 0;
    std::list<std::atomic<int>> answers;
    std::vector<std::future<Result<void>>> futures;
    auto client = make_client([answered = random.below(2) == 0](FakeTransport& network) {
      if (answered) network.answer = friendly;
    });
    AppThread app;
    if (random.below(2) == 0) client->on_event(app.executor(), [&](const Event&) { EXPECT_FALSE(over); });

    const auto when = 1 + random.below(300);
    std::atomic<bool> stop = false;
    std::mutex mutex;  // guards the two lists between the calling threads
    const auto calls = [&](std::uint64_t thread_seed) {
      SeededRandom mine(thread_seed);
      while (!stop) {
        std::atomic<int>* answer = nullptr;
        {
          const std::lock_guard lock(mutex);
          answer = &answers.emplace_back(0);
        }
        const auto done = [&over, answer](const auto&) {
          EXPECT_FALSE(over);
          ++*answer;
        };
        Operation operation;
        switch (mine.below(6)) {
          case 0:
            operation = client->request_otp("+491700000001", done);
            break;
          case 1:
            operation = client->wait_until_synced(kLong, done);
            break;
          case 2:
            operation = client->conversations(done);
            break;
          case 3:
            operation = client->send(UserId{9}, {"hello"}, done);
            break;
          case 4:
            operation = client->set_draft(ConversationId{1}, {"draft"}, done);
            break;
          default: {
            auto future = client->request_otp("+491700000001");
            const std::lock_guard lock(mutex);
            futures.push_back(std::move(future));
            ++*answer;
          }
        }
        if (mine.below(4) == 0) operation.cancel();
        ++asked;
        if (mine.below(8) == 0) std::this_thread::yield();
      }
    };
    std::thread first(calls, 2 * seed + 1000);
    std::thread second(calls, 2 * seed + 1001);
    while (asked < static_cast<int>(when))
      client->poll();
    ASSERT_TRUE(client->close().get().ok());
    stop = true;
    first.join();
    second.join();
    client->poll();
    over = true;
    app.sync();
    for (const auto& answer : answers)
      EXPECT_EQ(answer, 1);
    for (auto& future : futures)
      EXPECT_EQ(future.wait_for(std::chrono::seconds(0)), std::future_status::ready);
    client.reset();
  }
}

TEST(Client, NothingIsCalledOnceItIsDestroyedAtARandomMoment) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    std::atomic<bool> over = false;
    std::vector<std::future<Result<void>>> futures;
    AppThread app;
    auto client = make_client([](FakeTransport& network) { network.answer = friendly; });
    client->set_wake_up([&] { EXPECT_FALSE(over); });
    if (random.below(2) == 0) client->on_event(app.executor(), [&](const Event&) { EXPECT_FALSE(over); });
    for (auto calls = random.below(100); calls > 0; --calls) {
      client->conversations([&](const Result<std::vector<Conversation>>&) { EXPECT_FALSE(over); });
      futures.push_back(client->request_otp("+491700000001"));
      if (random.below(5) == 0) client->poll();
    }
    client.reset();
    over = true;
    app.sync();
    for (auto& future : futures)
      EXPECT_EQ(future.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  }
}

}  // namespace sotto::client
