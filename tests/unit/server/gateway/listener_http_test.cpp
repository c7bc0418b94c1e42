// HTTP on a real socket: what is served, and what is refused, in raw bytes.
#include <future>
#include <thread>

#include <gmock/gmock.h>

#include "tests/unit/server/gateway/gateway_fixture.hpp"

namespace sotto::server {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class HttpListener : public GatewayTest {
 protected:
  /// The answer to a request after which the server closes.
  std::string answer_to(std::string_view request) {
    RawClient client = connect();
    client.send(request);
    return client.receive_all();
  }
};

TEST_F(HttpListener, ServesSeveralRequestsOnOneConnection) {
  start();
  RawClient client = connect();
  for (int i = 0; i < 3; ++i) {
    client.send("GET /a%20b?x=1&y=2 HTTP/1.1\r\nHost: t\r\n\r\n");
    const auto response = client.response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "GET /a%20b?x=1&y=2 ");
    EXPECT_THAT(response.head, HasSubstr("\r\nConnection: keep-alive\r\n"));
    EXPECT_THAT(response.head, HasSubstr(" GMT\r\n"));
  }
}

TEST_F(HttpListener, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client = connect();
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    requests += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nbody";
  }
  client.send(requests);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(client.response().body, "POST /" + std::to_string(i) + "? body");
}

TEST_F(HttpListener, ReadsChunkedBodiesAndBodiesInPieces) {
  start();
  RawClient client = connect();
  for (const char* piece : {"POST / HTTP/1.1\r\nHost: t\r\nTransfer-", "Encoding: chunked\r\n\r\n3\r",
                            "\nabc\r\n2\r\nde", "\r\n0\r\n\r", "\n"}) {
    client.send(piece);
  }
  EXPECT_EQ(client.response().body, "POST /? abcde");
}

TEST_F(HttpListener, LetsAClientWaitForContinue) {
  start();
  RawClient client = connect();
  client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.response().head, "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  EXPECT_EQ(client.response().body, "POST /? hi");
}

TEST_F(HttpListener, LeavesTheBodyOutForHead) {
  start();
  RawClient client = connect();
  client.send("HEAD / HTTP/1.1\r\nHost: t\r\n\r\nGET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(client.receive_until("\r\n\r\n"), HasSubstr("Content-Length: 8\r\n"));
  EXPECT_EQ(client.response().body, "GET /? ");
}

TEST_F(HttpListener, ClosesWhereTheClientAsksForIt) {
  start();
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"),
              HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer_to("GET / HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpListener, TakesAProxysAbsoluteTarget) {
  start();
  RawClient client = connect();
  client.send("GET http://chat.example/x?y HTTP/1.1\r\nHost: chat.example\r\n\r\n");
  EXPECT_EQ(client.response().body, "GET /x?y ");
}

TEST_F(HttpListener, AnswersFromAnyThreadAndLater) {
  api = [](HttpRequest, HttpResponder respond) {
    std::thread([respond = std::move(respond)] {
      respond({.status = 204, .headers = {{"X-Late", "yes"}}, .content_type = "", .body = ""});
      respond({.status = 500, .headers = {}, .content_type = "", .body = "twice"});  // does nothing
    }).detach();
  };
  start();
  RawClient client = connect();
  client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto response = client.response();
  EXPECT_EQ(response.status, 204);
  EXPECT_THAT(response.head, HasSubstr("X-Late: yes\r\n"));
  EXPECT_THAT(response.head, Not(HasSubstr("Content-Length")));
}

TEST_F(HttpListener, ARouteThatForgetsToAnswerIsAnInternalError) {
  api = [](HttpRequest, HttpResponder) {};
  start();
  RawClient client = connect();
  client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto response = client.response();
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("\"code\":\"internal\""));
}

struct BadRequest {
  const char* name;
  std::string bytes;
  int status;
  const char* code;
};

class BadHttp : public HttpListener, public testing::WithParamInterface<BadRequest> {};

TEST_P(BadHttp, IsRefusedWithAProblemDocumentAndTheServerLives) {
  config.max_header_bytes = 4096;
  config.max_body_bytes = 1000;
  start();
  const std::string answer = answer_to(GetParam().bytes);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(GetParam().status) + " "));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/problem+json\r\n"));
  EXPECT_THAT(answer, HasSubstr("\"code\":\"" + std::string(GetParam().code) + "\""));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  RawClient next = connect();
  next.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(next.response().status, 200);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, BadHttp,
    testing::Values(
        BadRequest{"garbage", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n",
                   400, "bad_request"},
        BadRequest{"not_http", "hello\r\n\r\n", 400, "bad_request"},
        BadRequest{"no_target", "GET  HTTP/1.1\r\nHost: t\r\n\r\n", 400, "bad_request"},
        BadRequest{"star", "OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n", 400, "bad_request"},
        BadRequest{"authority", "CONNECT host:1 HTTP/1.1\r\nHost: t\r\n\r\n", 400, "bad_request"},
        BadRequest{"no_host", "GET / HTTP/1.1\r\n\r\n", 400, "bad_request"},
        BadRequest{"two_hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request"},
        BadRequest{"version_2", "GET / HTTP/2.0\r\nHost: t\r\n\r\n", 505, "http_version"},
        BadRequest{"folded", "GET / HTTP/1.1\r\nHost: t\r\nX : a\r\n\r\n", 400, "bad_request"},
        BadRequest{"nul_in_header", "GET / HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n\r\n"s, 400, "bad_request"},
        BadRequest{"negative_length", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n", 400,
                   "bad_request"},
        BadRequest{"two_lengths",
                   "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400,
                   "bad_request"},
        BadRequest{
            "length_and_chunked",
            "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400, "bad_request"},
        BadRequest{"bad_chunk", "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
                   "bad_request"},
        BadRequest{"huge_length",
                   "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 18446744073709551615\r\n\r\n", 413,
                   "too_large"},
        BadRequest{"long_body",
                   "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x'), 413,
                   "too_large"},
        BadRequest{"long_chunks",
                   "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                       std::string(1001, 'x') + "\r\n0\r\n\r\n",
                   413, "too_large"},
        BadRequest{"long_header", "GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(5000, 'x') + "\r\n\r\n",
                   431, "header_too_large"},
        BadRequest{"endless_header", "GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(100'000, 'x'), 431,
                   "header_too_large"},
        BadRequest{"endless_line", std::string(100'000, 'G'), 431, "header_too_large"},
        BadRequest{"expectation", "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nExpect: tea\r\n\r\n",
                   417, "expectation_failed"}),
    [](const auto& request) { return request.param.name; });

TEST_F(HttpListener, TellsASlowRequestThatItsTimeIsOver) {
  config.request_timeout = 300ms;
  start();
  RawClient client = connect();
  client.send("GET / HTTP/1.1\r\nHost: t\r\nX: ");
  const auto begin = std::chrono::steady_clock::now();
  // A byte now and then does not buy more time.
  while (std::chrono::steady_clock::now() - begin < 200ms) {
    client.send("x");
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 408 "));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_F(HttpListener, ClosesConnectionsThatSayNothing) {
  config.request_timeout = 200ms;
  config.keep_alive_timeout = 200ms;
  start();
  RawClient silent = connect();
  EXPECT_THAT(silent.receive_all(), IsEmpty());
  RawClient idle = connect();
  idle.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(idle.response().status, 200);
  EXPECT_THAT(idle.receive_all(), IsEmpty());
  wait_until([&] { return metrics.connections_open.value() == 0; });
}

TEST_F(HttpListener, ForgetsAClientThatGoesInTheMiddle) {
  start();
  {
    RawClient client = connect();
    client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nhalf");
  }
  {
    RawClient client = connect();
    client.send("GE");
    client.shut_down_sending();
    EXPECT_THAT(client.receive_all(), IsEmpty());
  }
  wait_until(
      [&] { return metrics.connections_accepted.value() == 2 && metrics.connections_open.value() == 0; });
}

TEST_F(HttpListener, AnswersAClientThatHasStoppedSending) {
  start();
  RawClient client = connect();
  client.send("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  client.shut_down_sending();
  EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(HttpListener, RefusesConnectionsOverTheCap) {
  config.max_connections = 2;
  start();
  RawClient first = connect();
  RawClient second = connect();
  wait_until([&] { return metrics.connections_open.value() == 2; });
  RawClient third = connect();
  EXPECT_THAT(third.receive_all(), StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(metrics.connections_refused.value(), 1u);
  first.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(first.response().status, 200);
}

TEST_F(HttpListener, BelievesAProxyOnlyIfToldSo) {
  api = [](HttpRequest request, HttpResponder respond) {
    respond({.status = 200, .headers = {}, .content_type = "text/plain", .body = request.remote_address});
  };
  const std::string request = "GET / HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 1.1.1.1, 2001:db8::7\r\n\r\n";
  start();
  {
    RawClient client = connect();
    client.send(request);
    EXPECT_EQ(client.response().body, "127.0.0.1");
  }
  stop();
  config.trusted_proxies = {*parse_address_range("127.0.0.1")};
  start();
  RawClient client = connect();
  client.send(request);
  EXPECT_EQ(client.response().body, "2001:db8::7");
}

TEST_F(HttpListener, SaysWhatIsWrongWithItsAddress) {
  start();
  GatewayConfig same = config;
  same.port = gateway->port();
  Metrics other_metrics;
  for (const auto& [address, port, complaint] :
       std::vector<std::tuple<std::string, std::uint16_t, std::string>>{
           {"127.0.0.1", gateway->port(), "Address already in use"},
           {"localhost", 0, "is not an IP address"},
           {"192.0.2.1", 0, "Cannot assign requested address"}}) {
    same.address = address;
    same.port = port;
    Gateway other(same, other_metrics);
    const auto started = start_another(other);
    ASSERT_FALSE(started.ok());
    EXPECT_THAT(started.error(), HasSubstr(address));
    EXPECT_THAT(started.error(), HasSubstr(complaint));
  }
}

TEST_F(HttpListener, DrainingWaitsAMomentForTheRestOfARequestAndNotForItsWholeTimeout) {
  start();
  RawClient half = connect();
  half.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nhalf of it");
  wait_until([&] { return metrics.bytes_received.value() > 0; });
  gateway->drain(config.request_timeout / 2);
  EXPECT_EQ(metrics.connections_open.value(), 0) << "all are gone before the limit";
  EXPECT_THAT(half.receive_all(), testing::HasSubstr("going_away"));
}

TEST_F(HttpListener, DrainingAnswersWhatIsUnderWay) {
  std::promise<HttpResponder> asked;
  api = [&](HttpRequest, HttpResponder respond) { asked.set_value(std::move(respond)); };
  start();
  RawClient idle = connect();
  RawClient busy = connect();
  busy.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  HttpResponder respond = asked.get_future().get();
  auto drained = std::async(std::launch::async, [&] { gateway->drain(RawClient::kPatience); });
  EXPECT_THAT(idle.receive_all(), IsEmpty());
  respond({.status = 200, .headers = {}, .content_type = "text/plain", .body = "done"});
  EXPECT_THAT(busy.receive_all(), testing::EndsWith("done"));
  drained.get();
  EXPECT_EQ(metrics.connections_open.value(), 0);
}

}  // namespace
}  // namespace sotto::server
