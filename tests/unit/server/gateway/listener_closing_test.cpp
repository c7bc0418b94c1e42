// How WebSocket connections end, on a real socket.
#include <future>
#include <thread>

#include <gmock/gmock.h>

#include "server/services/accounts/access_token.hpp"
#include "server/services/accounts/device_service.hpp"
#include "tests/unit/server/gateway/websocket_listener.hpp"

namespace sotto::server {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(WebSocketListener, ClosesPolitelyWhenTheClientDoes) {
  start();
  RawClient client = online(sign_in("+491700000001"));
  client.RawClient::send(RawClient::frame(8, std::string("\x03\xe8", 2) + "bye"));
  const auto end = client.next_frame();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->close_code(), 1000);
  EXPECT_FALSE(client.next_frame().has_value());
  wait_until([&] { return metrics.sessions_open.value() == 0; });
}

TEST_F(WebSocketListener, TheNewerConnectionOfADeviceWins) {
  start();
  const Person ada = sign_in("+491700000001");
  const Person bob = sign_in("+491700000002");
  const ConversationId conversation = open_direct(ada, bob);
  RawClient first = online(bob);
  RawClient second = online(bob);
  const auto end = first.next_frame();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->close_code(), 4002);

  const Person phone_two = sign_in("+491700000002");  // another device of the same person
  RawClient third = online(phone_two);
  RawClient a = online(ada);
  a.send(message_to(conversation, 1, "both"));
  EXPECT_EQ(second.next().message().content(), "both");
  EXPECT_EQ(third.next().message().content(), "both");
}

TEST_F(WebSocketListener, ARevokedDeviceIsClosed) {
  start();
  const Person ada = sign_in("+491700000001");
  RawClient client = online(ada);
  write([&](Store& store, WriteContext& context) {
    revoke_device(store, context, ada.caller.user, ada.caller.device);
  });
  const auto end = client.next_frame();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->close_code(), 4001);
  RawClient again = connect();
  EXPECT_EQ(again.upgrade(ada.token).status, 401);
}

TEST_F(WebSocketListener, ASessionThatIsClosedOnABrokenConnectionOutlivesItsOwnClosing) {
  // The server learns of the reset only when it writes the close frame. ASan found the session deleted under
  // its own feet.
  config.io_threads = 1;
  start();
  std::promise<void> in_route;
  std::promise<void> go_on;
  api = [&](HttpRequest, HttpResponder respond) {
    in_route.set_value();
    go_on.get_future().wait();
    respond({});
  };
  const Person ada = sign_in("+491700000001");
  RawClient client = online(ada);
  RawClient other = connect();
  other.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  in_route.get_future().wait();  // the only thread can look at no socket now
  client.reset();
  write([&](Store& store, WriteContext& context) {
    revoke_device(store, context, ada.caller.user, ada.caller.device);
  });
  go_on.set_value();
  EXPECT_EQ(other.response().status, 200);
  wait_until([&] { return metrics.sessions_open.value() == 0; });
}

TEST_F(WebSocketListener, ASilentClientIsPingedThenClosed) {
  config.ping_interval = 100ms;
  config.silence_limit = 350ms;
  start();
  const Person ada = sign_in("+491700000001");
  RawClient client = online(ada);
  int pings = 0;
  while (true) {
    const auto frame = client.next_frame(false);
    ASSERT_TRUE(frame.has_value());
    if (frame->opcode != 9) {
      EXPECT_EQ(frame->close_code(), 1001);
      break;
    }
    ++pings;
  }
  EXPECT_GE(pings, 2);
  wait_until([&] { return metrics.sessions_open.value() == 0; });
}

TEST_F(WebSocketListener, APeerThatVanishedWithoutAWordIsForgotten) {
  config.ping_interval = 50ms;
  config.silence_limit = 200ms;
  start();
  RawClient client = online(sign_in("+491700000001"));
  // It neither answers nor closes: for the server a half-open connection.
  wait_until([&] { return metrics.connections_open.value() == 0; });
  EXPECT_EQ(metrics.sessions_silent.value(), 1u);
}

TEST_F(WebSocketListener, ASlowReaderCostsBoundedMemoryAndLosesNothing) {
  config.max_queued_bytes = 64 * 1024;
  start();
  const Person ada = sign_in("+491700000001");
  const Person bob = sign_in("+491700000002");
  const ConversationId conversation = open_direct(ada, bob);
  RawClient slow = RawClient::with_small_buffers(gateway->port());
  ASSERT_EQ(slow.upgrade(bob.token, "sotto.v1").status, 101);
  ASSERT_TRUE(slow.next(WireFormat::binary).has_hello());
  slow.send(sync_from(bob.caller.device.value), WireFormat::binary);
  while (!slow.next(WireFormat::binary).has_synced()) {
  }

  RawClient a = online(ada);
  // Of 20 KB each: 8 MB, far more than the kernel's buffers and the queue hold.
  constexpr int kMessages = 400;
  for (int n = 0; n < kMessages; ++n) {
    Uuid key;
    key.bytes[0] = static_cast<std::uint8_t>(n);
    key.bytes[1] = static_cast<std::uint8_t>(n / 256);
    auto frame = message_to(conversation, 0, std::to_string(n) + std::string(20'000, ' '));
    frame.mutable_message()->set_idempotency_key(to_string(key));
    a.send(frame);
    ASSERT_TRUE(a.next().has_ack());
    ASSERT_LT(metrics.queued_bytes.value(), 512 * 1024);
  }
  EXPECT_EQ(metrics.sessions_slow.value(), 1u);
  for (int n = 0; n < kMessages; ++n) {
    ASSERT_EQ(std::atoi(slow.next(WireFormat::binary).message().content().c_str()), n);
  }
  // And it is live again.
  a.send(message_to(conversation, 200, "at last"));
  EXPECT_EQ(slow.next(WireFormat::binary).message().content(), "at last");
}

TEST_F(WebSocketListener, AClientThatPingsAndNeverReadsIsNotReadEither) {
  start();
  const Person ada = sign_in("+491700000001");
  RawClient client = RawClient::with_small_buffers(gateway->port());
  ASSERT_EQ(client.upgrade(ada.token).status, 101);
  const std::string ping = RawClient::frame(9, std::string(125, 'p'));
  std::string flood;
  for (int i = 0; i < 5000; ++i)
    flood += ping;
  std::thread sender([&] {
    for (int i = 0; i < 20; ++i) {
      if (!client.RawClient::send(flood)) return;  // 13 MB: blocks, then breaks when the server goes
    }
  });
  const auto end = std::chrono::steady_clock::now() + 500ms;
  std::int64_t most = 0;
  while (std::chrono::steady_clock::now() < end) {
    most = std::max(most, metrics.queued_bytes.value());
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_LT(most, 64 * 1024);
  gateway->stop();
  sender.join();
}

TEST_F(WebSocketListener, DrainingSaysGoodbyeToEveryone) {
  start();
  const Person ada = sign_in("+491700000001");
  RawClient client = online(ada);
  auto drained = std::async(std::launch::async, [&] { gateway->drain(RawClient::kPatience); });
  const auto goodbye = client.next();
  EXPECT_TRUE(goodbye.has_going_away());
  EXPECT_LT(goodbye.going_away().reconnect_after_ms(), 10'000u);
  const auto end = client.next_frame();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->close_code(), 1012);
  client.RawClient::send(RawClient::frame(8, end->payload));
  drained.get();
  EXPECT_EQ(metrics.connections_open.value(), 0);
}

TEST_F(WebSocketListener, ReceiptsReachTheSenderAndTypingTheOthers) {
  start();
  const Person ada = sign_in("+491700000001");
  const Person bob = sign_in("+491700000002");
  const ConversationId conversation = open_direct(ada, bob);
  RawClient a = online(ada);
  RawClient b = online(bob);
  a.send(message_to(conversation, 1, "hello"));
  const std::uint64_t id = a.next().ack().message_id();
  ASSERT_EQ(b.next().message().message_id(), id);

  v1::ClientFrame delivered;
  delivered.mutable_delivered()->set_conversation_id(conversation.value);
  delivered.mutable_delivered()->add_message_ids(id);
  b.send(delivered);
  auto receipts = a.next();
  ASSERT_EQ(receipts.receipts().items_size(), 1) << receipts.DebugString();
  EXPECT_EQ(receipts.receipts().items(0).message_id(), id);
  EXPECT_EQ(receipts.receipts().items(0).status(), v1::Status::delivered);
  EXPECT_EQ(receipts.receipts().items(0).user_id(), bob.caller.user.value);

  v1::ClientFrame read;
  read.mutable_read()->set_conversation_id(conversation.value);
  read.mutable_read()->set_up_to_message_id(id);
  b.send(read);
  receipts = a.next();
  ASSERT_EQ(receipts.receipts().items_size(), 1) << receipts.DebugString();
  EXPECT_EQ(receipts.receipts().items(0).status(), v1::Status::read);

  v1::ClientFrame typing;
  typing.mutable_typing()->set_conversation_id(conversation.value);
  b.send(typing);
  const auto typed = a.next();
  ASSERT_TRUE(typed.has_typing()) << typed.DebugString();
  EXPECT_EQ(typed.typing().user_id(), bob.caller.user.value);

  typing.mutable_typing()->set_conversation_id(1);
  a.send(typing);
  EXPECT_EQ(a.next().error().code(), "not_found");
}

TEST_F(WebSocketListener, PresenceIsToldOnSubscribingAndOnEveryChange) {
  start();
  const Person ada = sign_in("+491700000001");
  const Person bob = sign_in("+491700000002");
  RawClient a = online(ada);
  v1::ClientFrame watch;
  watch.mutable_presence_subscribe()->add_user_ids(bob.caller.user.value);
  a.send(watch);
  auto presence = a.next();
  ASSERT_TRUE(presence.has_presence()) << presence.DebugString();
  EXPECT_FALSE(presence.presence().online());
  {
    RawClient b = online(bob);
    presence = a.next();
    EXPECT_TRUE(presence.presence().online()) << presence.DebugString();
  }
  presence = a.next();
  EXPECT_FALSE(presence.presence().online()) << presence.DebugString();
  EXPECT_TRUE(presence.presence().has_last_seen_at());
}

}  // namespace
}  // namespace sotto::server
