#include <string>

#include "tests/unit/sdk/net/network_fixture.hpp"

namespace sotto::net {

namespace {

/// Reads a request with its body and returns it whole.
std::string read_request(Peer& peer) {
  std::string request = peer.read_until("\r\n\r\n");
  static constexpr std::string_view kField = "Content-Length: ";
  if (const auto at = request.find(kField); at != std::string::npos) {
    request += peer.read_exact(std::stoul(request.substr(at + kField.size())));
  }
  return request;
}

std::string ok(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

class HttpTest : public NetworkTest {
 protected:
  /// What a GET to a server with this script ends with.
  Result<HttpResponse> outcome(ScriptedServer::Script script, HttpRequest request = {}) {
    const ScriptedServer server(std::move(script));
    request.url = http_url(server);
    return fetch(std::move(request));
  }
  ErrorCode failure(const std::string& answer, HttpRequest request = {}) {
    const auto response = outcome(
        [answer](Peer& peer) {
          read_request(peer);
          peer.write(answer);
        },
        std::move(request));
    return response.ok() ? ErrorCode::internal : response.error().code;
  }
};

}  // namespace

TEST_F(HttpTest, SendsMethodPathHeadersAndBody) {
  Recorded<std::string> requests;
  const ScriptedServer server([&](Peer& peer) {
    requests.add(read_request(peer));
    peer.write("HTTP/1.1 201 Created\r\nX-Answer: 42\r\nContent-Length: 2\r\n\r\n{}");
  });
  const auto response =
      fetch({.method = "POST",
             .url = http_url(server, "/api/groups?x=1"),
             .headers = {{"Authorization", "Bearer t"}, {"Content-Type", "application/json"}},
             .body = R"({"name":"g"})"});
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 201u);
  EXPECT_EQ(response->body, "{}");
  EXPECT_EQ(response->header("x-answer"), "42");
  EXPECT_EQ(response->header("x-other"), "");
  const std::string request = requests.now().front();
  EXPECT_EQ(request.find("POST /api/groups?x=1 HTTP/1.1\r\n"), 0u);
  EXPECT_NE(request.find("Authorization: Bearer t\r\n"), std::string::npos);
  EXPECT_NE(request.find("User-Agent: sotto\r\n"), std::string::npos);
  EXPECT_EQ(request.substr(request.size() - 12), R"({"name":"g"})");
}

TEST_F(HttpTest, EveryStatusIsAnAnswer) {
  for (const unsigned status : {204u, 302u, 404u, 500u}) {
    const auto response = outcome([&](Peer& peer) {
      read_request(peer);
      peer.write("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n");
    });
    ASSERT_TRUE(response.ok());
    EXPECT_EQ(response->status, status);
  }
}

TEST_F(HttpTest, ReadsBodiesInChunksAndBodiesThatEndWithTheConnection) {
  EXPECT_EQ(
      outcome([](Peer& peer) {
        read_request(peer);
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
      })->body,
      "abcde");
  EXPECT_EQ(outcome([](Peer& peer) {
              read_request(peer);
              peer.write("HTTP/1.1 200 OK\r\n\r\nuntil the end");
            })->body,
            "until the end");
}

// ------------------------------------------------------------------ one connection for several requests

TEST_F(HttpTest, UsesAConnectionAgain) {
  const ScriptedServer server([](Peer& peer) {
    for (;;) {
      read_request(peer);
      peer.write(ok("x"));
    }
  });
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(fetch({.url = http_url(server)}).ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpTest, RequestsAtOnceHaveAConnectionEach) {
  std::atomic<int> waiting = 0;
  const ScriptedServer server([&](Peer& peer) {
    read_request(peer);
    ++waiting;
    while (waiting < 3)
      std::this_thread::yield();
    peer.write(ok("x"));
  });
  use({});
  Recorded<unsigned> statuses;
  on_loop([&] {
    for (int i = 0; i < 3; ++i) {
      requests_.push_back(transport_->request(
          {.url = http_url(server)},
          [&](const Result<HttpResponse>& response) { statuses.add(response ? response->status : 0); }));
    }
  });
  EXPECT_EQ(statuses.wait_for(3), (std::vector<unsigned>{200, 200, 200}));
}

TEST_F(HttpTest, AConnectionThatTheServerSaysItClosesIsNotUsedAgain) {
  const ScriptedServer server([](Peer& peer) {
    read_request(peer);
    peer.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  EXPECT_TRUE(fetch({.url = http_url(server)}).ok());
  EXPECT_TRUE(fetch({.url = http_url(server)}).ok());
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(HttpTest, AConnectionWithUnaskedBytesIsNotUsedAgain) {
  const ScriptedServer server([](Peer& peer) {
    read_request(peer);
    peer.write(ok("x") + ok("smuggled"));
    peer.wait_for_end();
  });
  EXPECT_EQ(fetch({.url = http_url(server)})->body, "x");
  EXPECT_EQ(fetch({.url = http_url(server)})->body, "x");
}

/// The first connection answers once and dies at the second request; others answer.
void die_at_second_request(Peer& peer) {
  read_request(peer);
  peer.write(ok("x"));
  read_request(peer);
  if (peer.number() == 0) return;
  peer.write(ok("x"));
}

TEST_F(HttpTest, AGetThatMetAnEndingConnectionIsMadeAgain) {
  const ScriptedServer server(die_at_second_request);
  EXPECT_TRUE(fetch({.url = http_url(server)}).ok());
  EXPECT_TRUE(fetch({.url = http_url(server)}).ok());
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(HttpTest, APostThatMetAnEndingConnectionIsNotMadeAgain) {
  const ScriptedServer server(die_at_second_request);
  EXPECT_TRUE(fetch({.url = http_url(server)}).ok());
  EXPECT_EQ(fetch({.method = "POST", .url = http_url(server)}).error().code, ErrorCode::connection_closed);
  EXPECT_EQ(server.connections(), 1);
}

// ------------------------------------------------------------------ hostile and broken servers

TEST_F(HttpTest, ACutAnswerIsAnError) {
  EXPECT_EQ(failure(""), ErrorCode::connection_closed);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Le"), ErrorCode::connection_closed);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), ErrorCode::connection_closed);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nhalf"),
            ErrorCode::connection_closed);
}

TEST_F(HttpTest, AnAnswerThatIsNotHttpIsAViolation) {
  EXPECT_EQ(failure("220 mail.example ESMTP\r\n\r\n"), ErrorCode::protocol_violation);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), ErrorCode::protocol_violation);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nXYZ\r\n"),
            ErrorCode::protocol_violation);
}

TEST_F(HttpTest, ABodyLargerThanAllowedIsRefused) {
  EXPECT_EQ(failure(ok(std::string(1001, 'x')), {.max_response_bytes = 1000}), ErrorCode::too_large);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n"), ErrorCode::too_large);
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x'), {.max_response_bytes = 1000}),
            ErrorCode::too_large);
  EXPECT_TRUE(outcome(
                  [](Peer& peer) {
                    read_request(peer);
                    peer.write(ok(std::string(1000, 'x')));
                  },
                  {.max_response_bytes = 1000})
                  .ok());
}

TEST_F(HttpTest, EndlessHeadersAreAViolation) {
  const auto response = outcome([](Peer& peer) {
    read_request(peer);
    peer.write("HTTP/1.1 200 OK\r\n");
    for (;;)
      peer.write("X-Padding: " + std::string(1000, 'x') + "\r\n");
  });
  EXPECT_EQ(response.error().code, ErrorCode::protocol_violation);
}

TEST_F(HttpTest, AServerThatNeverAnswersTimesOut) {
  const auto response = outcome([](Peer& peer) { peer.hang(); }, {.timeout = Milliseconds{50}});
  EXPECT_EQ(response.error().code, ErrorCode::timed_out);
}

TEST_F(HttpTest, AServerThatDripsItsAnswerTimesOutAllTheSame) {
  const auto response = outcome(
      [](Peer& peer) {
        read_request(peer);
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        for (;;) {
          peer.write("x");
          std::this_thread::sleep_for(Milliseconds{1});
        }
      },
      {.timeout = Milliseconds{100}});
  EXPECT_EQ(response.error().code, ErrorCode::timed_out);
}

TEST_F(HttpTest, ARefusalBeforeTheBodyWasReadIsHeard) {
  const auto response = outcome(
      [](Peer& peer) {
        peer.read_until("\r\n\r\n");
        peer.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
        peer.wait_for_end();
      },
      {.method = "PUT", .body = std::string(16 << 20, 'x')});
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 413u);
}

// ---- requests that cannot be made, or are not wanted

TEST_F(HttpTest, BadRequestsAreRefused) {
  const auto code = [&](HttpRequest request) { return fetch(std::move(request)).error().code; };
  EXPECT_EQ(code({.url = ""}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.url = "ws://127.0.0.1/"}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.method = "GET /\r\n", .url = "http://127.0.0.1/"}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({.url = "http://127.0.0.1/", .headers = {{"A", "b\r\nEvil: yes"}}}),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code({.url = "http://127.0.0.1/", .headers = {{"A: x\r\nB", "c"}}}), ErrorCode::invalid_argument);
}

TEST_F(HttpTest, ADestroyedRequestIsSilentAndDropsItsConnection) {
  Recorded<bool> ended;
  const ScriptedServer server([&](Peer& peer) {
    read_request(peer);
    peer.wait_for_end();
    ended.add(true);
  });
  use({});
  bool called = false;
  std::unique_ptr<PendingRequest> request;
  on_loop([&] {
    request =
        transport_->request({.url = http_url(server)}, [&](const Result<HttpResponse>&) { called = true; });
  });
  while (server.connections() == 0)
    std::this_thread::yield();
  on_loop([&] { request.reset(); });
  on_loop([] {});
  EXPECT_FALSE(called);
}

TEST_F(HttpTest, ARequestMayBeDestroyedByItsOwnHandler) {
  const ScriptedServer server([](Peer& peer) {
    read_request(peer);
    peer.write(ok("x"));
  });
  use({});
  Recorded<bool> done;
  std::unique_ptr<PendingRequest> request;
  on_loop([&] {
    request = transport_->request({.url = http_url(server)}, [&](const Result<HttpResponse>& response) {
      request.reset();
      done.add(response.ok());
    });
  });
  EXPECT_TRUE(done.wait_for(1).front());
}

}  // namespace sotto::net
