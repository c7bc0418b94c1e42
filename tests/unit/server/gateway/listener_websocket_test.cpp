// WebSocket on a real socket: the upgrade, and frames good and bad.
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

// ---------------------------------------------------------------- the upgrade

TEST_F(WebSocketListener, SpeaksJsonWhereNothingIsOffered) {
  start();
  const Person ada = sign_in("+491700000001");
  RawClient client = connect();
  const auto response = client.upgrade(ada.token);
  EXPECT_EQ(response.status, 101);
  EXPECT_THAT(response.head, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(response.head, Not(HasSubstr("Sec-WebSocket-Protocol")));
  const auto hello = client.next(WireFormat::json);
  EXPECT_EQ(hello.hello().user_id(), ada.caller.user.value);
  EXPECT_EQ(hello.hello().device_id(), ada.caller.device.value);
}

TEST_F(WebSocketListener, SpeaksTheFirstSubprotocolItKnows) {
  start();
  const Person ada = sign_in("+491700000001");
  RawClient binary = connect();
  EXPECT_THAT(binary.upgrade(ada.token, "chat, sotto.v1, sotto.v1.json").head,
              HasSubstr("Sec-WebSocket-Protocol: sotto.v1\r\n"));
  EXPECT_TRUE(binary.next(WireFormat::binary).has_hello());
  RawClient json = connect();
  EXPECT_THAT(json.upgrade(ada.token, "sotto.v1.json,sotto.v1").head,
              HasSubstr("Sec-WebSocket-Protocol: sotto.v1.json\r\n"));
  EXPECT_TRUE(json.next(WireFormat::json).has_hello());
}

TEST_F(WebSocketListener, TakesABrowsersTokenFromTheSubprotocolsAndDoesNotEchoIt) {
  start();
  const Person ada = sign_in("+491700000001");
  RawClient client = connect();
  const auto response = client.upgrade("", "sotto.v1.json, bearer." + ada.token);
  EXPECT_EQ(response.status, 101);
  EXPECT_THAT(response.head, HasSubstr("Sec-WebSocket-Protocol: sotto.v1.json\r\n"));
  EXPECT_THAT(response.head, Not(HasSubstr(ada.token)));
  EXPECT_TRUE(client.next().has_hello());
}

TEST_F(WebSocketListener, RefusesTokensThatAreNotGood) {
  start();
  const Person ada = sign_in("+491700000001");
  std::string changed = ada.token;
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  const std::string expired =
      make_access_token(storage->token_key(), ada.caller, wall_clock_now() - Milliseconds(1));
  const std::string stranger = make_access_token(storage->token_key(), {ada.caller.user, DeviceId{12345}},
                                                 wall_clock_now() + std::chrono::hours(1));
  for (const std::string& token : {std::string(), std::string("x"), changed, expired, stranger}) {
    RawClient client = connect();
    const auto response = client.upgrade(token);
    EXPECT_EQ(response.status, 401) << token;
    EXPECT_THAT(response.head, HasSubstr("WWW-Authenticate: Bearer"));
    EXPECT_THAT(response.body, HasSubstr("\"code\":\"unauthorized\""));
    // The connection goes on: another try on it may succeed.
    EXPECT_EQ(client.upgrade(ada.token).status, 101);
  }
}

TEST_F(WebSocketListener, RefusesWhatIsNoProperUpgrade) {
  start();
  const Person ada = sign_in("+491700000001");
  struct {
    std::string headers;
    int status;
    const char* text;
  } requests[] = {
      {"", 426, "Upgrade: websocket\r\n"},
      {"Connection: Upgrade\r\nUpgrade: h2c\r\n", 426, "Upgrade: websocket\r\n"},
      {"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
       "Sec-WebSocket-Version: 8\r\n",
       426, "Sec-WebSocket-Version: 13\r\n"},
      {"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", 400,
       "Sec-WebSocket-Key"},
      {"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-ws\r\n",
       400, "sotto.v1.json"},
  };
  for (const auto& request : requests) {
    RawClient client = connect();
    client.send("GET /ws/connect HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer " + ada.token + "\r\n" +
                request.headers + "\r\n");
    const auto response = client.response();
    EXPECT_EQ(response.status, request.status) << request.headers;
    EXPECT_THAT(response.head + response.body, HasSubstr(request.text));
  }
}

TEST_F(WebSocketListener, TakesFramesThatCameRightBehindTheUpgrade) {
  start();
  const Person ada = sign_in("+491700000001");
  RawClient client = connect();
  const std::string sync = RawClient::frame(1, R"({"type":"sync","last_seen_message_id":"5"})");
  EXPECT_EQ(client.upgrade(ada.token, "", sync + sync.substr(0, 9)).status, 101);
  EXPECT_TRUE(client.next().has_hello());
  EXPECT_TRUE(client.next().has_synced());
  client.RawClient::send(sync.substr(9));  // the rest of the second one
  EXPECT_TRUE(client.next().has_synced());
}

// ---------------------------------------------------------------- frames

TEST_F(WebSocketListener, BringsAMessageFromOneToTheOtherInBothForms) {
  start();
  const Person ada = sign_in("+491700000001");
  const Person bob = sign_in("+491700000002");
  const ConversationId conversation = open_direct(ada, bob);
  RawClient a = online(ada, WireFormat::binary);
  RawClient b = online(bob, WireFormat::json);
  a.send(message_to(conversation, 1, "hello"), WireFormat::binary);
  const auto ack = a.next(WireFormat::binary);
  ASSERT_TRUE(ack.has_ack()) << ack.DebugString();
  EXPECT_EQ(ack.ack().status(), v1::Status::sent);
  const auto got = b.next(WireFormat::json);
  ASSERT_TRUE(got.has_message()) << got.DebugString();
  EXPECT_EQ(got.message().content(), "hello");
  EXPECT_EQ(got.message().message_id(), ack.ack().message_id());

  b.send(message_to(conversation, 2, std::string(30'000, 'y')), WireFormat::json);  // larger than any buffer
  EXPECT_TRUE(b.next(WireFormat::json).has_ack());
  EXPECT_EQ(a.next(WireFormat::binary).message().content(), std::string(30'000, 'y'));
}

TEST_F(WebSocketListener, AcksAndPushesABurstInOrder) {
  start();
  const Person ada = sign_in("+491700000001");
  const Person bob = sign_in("+491700000002");
  const ConversationId conversation = open_direct(ada, bob);
  RawClient a = online(ada);
  RawClient b = online(bob);
  std::string burst;
  for (std::uint8_t n = 0; n < 200; ++n) {
    burst +=
        RawClient::frame(1, encode_frame(WireFormat::json, message_to(conversation, n, std::to_string(n))));
  }
  a.RawClient::send(burst);
  for (std::uint8_t n = 0; n < 200; ++n) {
    Uuid key;
    key.bytes.fill(n);
    ASSERT_EQ(a.next().ack().idempotency_key(), to_string(key));
    ASSERT_EQ(b.next().message().content(), std::to_string(n));
  }
}

TEST_F(WebSocketListener, JoinsFragmentsAndAnswersPingsBetweenThem) {
  start();
  RawClient client = online(sign_in("+491700000001"));
  const std::string text = R"({"type":"sync","last_seen_message_id":"5"})";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool last = i + 1 == text.size();
    client.RawClient::send(RawClient::frame(i == 0 ? 1 : 0, text.substr(i, 1), last));
    if (i == 5) client.RawClient::send(RawClient::frame(9, "are you there"));
  }
  const auto pong = client.next_frame();
  ASSERT_TRUE(pong.has_value());
  EXPECT_EQ(pong->opcode, 10u);
  EXPECT_EQ(pong->payload, "are you there");
  EXPECT_TRUE(client.next().has_synced());
}

TEST_F(WebSocketListener, AnswersABadFrameAndGoesOn) {
  start();
  RawClient client = online(sign_in("+491700000001"));
  for (const char* bad : {"", "{", "[]", R"({"type":"sync","last_seen_message_id":-1})"}) {
    client.send_text(bad);
    const auto error = client.next();
    EXPECT_EQ(error.error().code(), "bad_frame") << bad;
  }
  client.send_text(R"({"type":"later"})");
  EXPECT_EQ(client.next().error().code(), "unknown_type");
  client.send_binary("x");
  EXPECT_EQ(client.next().error().code(), "bad_frame");
  client.send(sync_from(1));
  EXPECT_TRUE(client.next().has_synced());
}

struct Violation {
  const char* name;
  std::string bytes;
  int close_code;
};
class BadWebSocket : public WebSocketListener, public testing::WithParamInterface<Violation> {};

TEST_P(BadWebSocket, IsToldItsCloseCodeAndTheServerLives) {
  start();
  const Person ada = sign_in("+491700000001");
  RawClient client = online(ada);
  client.RawClient::send(GetParam().bytes);
  const auto end = client.next_frame();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->close_code(), GetParam().close_code);
  EXPECT_FALSE(client.next_frame().has_value());
  online(ada);
}

INSTANTIATE_TEST_SUITE_P(
    Violations, BadWebSocket,
    testing::Values(Violation{"unmasked", RawClient::frame(1, "{}", true, false), 1002},
                    Violation{"reserved_bit", std::string("\xc1\x80\0\0\0\0", 6), 1002},
                    Violation{"reserved_opcode", RawClient::frame(3, "x"), 1002},
                    Violation{"continuation_of_nothing", RawClient::frame(0, "x"), 1002},
                    Violation{"new_message_inside_another",
                              RawClient::frame(1, "{", false) + RawClient::frame(1, "}"), 1002},
                    Violation{"fragmented_ping", RawClient::frame(9, "x", false), 1002},
                    Violation{"long_ping", RawClient::frame(9, std::string(126, 'x')), 1002},
                    Violation{"not_utf8", RawClient::frame(1, "\"\xff\""), 1007},
                    Violation{"too_large", RawClient::frame(1, std::string(64 * 1024 + 1, ' ')), 1009},
                    Violation{"too_large_by_its_header",
                              std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14), 1009},
                    Violation{"too_large_in_fragments",
                              RawClient::frame(1, std::string(40'000, ' '), false) +
                                  RawClient::frame(0, std::string(40'000, ' ')),
                              1009},
                    Violation{"http_again", "GET / HTTP/1.1\r\n\r\n", 1002},
                    Violation{"close_code_of_nobody", RawClient::frame(8, std::string("\x03\xec", 2)), 1002}),
    [](const auto& violation) { return violation.param.name; });

TEST_F(WebSocketListener, AFrameOfTheLargestSizeIsTaken) {
  start();
  RawClient client = online(sign_in("+491700000001"));
  std::string text = R"({"type":"sync","last_seen_message_id":"5"})";
  text += std::string(64 * 1024 - text.size(), ' ');
  client.send_text(text);
  EXPECT_TRUE(client.next().has_synced());
}

TEST_F(WebSocketListener, CountsTheClientsOfAProxyEachForThemselves) {
  config.trusted_proxies = {*parse_address_range("127.0.0.0/8")};
  config.max_connections_per_address = 2;
  start();
  const Person ada = sign_in("+491700000001");
  const Person bob = sign_in("+491700000002");
  const Person eve = sign_in("+491700000003");
  const auto upgrade = [](RawClient& client, const Person& person, const std::string& address) {
    return client.upgrade(person.token, "sotto.v1\r\nX-Forwarded-For: " + address).status;
  };
  RawClient first = connect(), third = connect(), other = connect();
  EXPECT_EQ(upgrade(first, ada, "203.0.113.9"), 101);
  {
    RawClient second = connect();
    EXPECT_EQ(upgrade(second, bob, "203.0.113.9"), 101);
    EXPECT_EQ(upgrade(third, eve, "203.0.113.9"), 503);
    EXPECT_EQ(metrics.connections_refused.value(), 1u);
    EXPECT_EQ(upgrade(other, eve, "203.0.113.10"), 101) << "another client has places of its own";
  }
  wait_until([&] { return metrics.connections_open.value() == 3; });  // the second is gone
  EXPECT_EQ(upgrade(third, bob, "203.0.113.9"), 101) << "a place has become free";
}

}  // namespace
}  // namespace sotto::server
