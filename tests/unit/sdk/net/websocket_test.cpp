#include <atomic>
#include <string>

#include "tests/unit/sdk/net/network_fixture.hpp"

namespace sotto::net {

using test::accept_websocket;
using test::close_payload;
using test::read_frame;
using test::write_frame;

namespace {

class WebSocketTest : public NetworkTest {
 protected:
  /// Connects to a server that does `script`, and returns how that ended.
  Closed outcome(ScriptedServer::Script script, WebSocketRequest request = {}) {
    const ScriptedServer server(std::move(script));
    request.url = ws_url(server);
    Seen& seen = remember();
    connect(std::move(request), seen);
    auto closed = seen.closed.wait_for(1);
    on_loop([&] { sockets_.clear(); });
    return closed.empty() ? Closed{} : closed.front();
  }
  static TransportOptions impatient() {
    TransportOptions options;
    options.timeouts.tls = options.timeouts.upgrade = options.timeouts.close_within = Milliseconds{50};
    return options;
  }
};

void echo(Peer& peer) {
  accept_websocket(peer);
  for (;;) {
    const auto frame = read_frame(peer);
    if (frame.opcode == test::kClose) {
      write_frame(peer, test::kClose, frame.payload);
      return;
    }
    write_frame(peer, frame.opcode == test::kPing ? test::kPong : frame.opcode, frame.payload);
  }
}

}  // namespace

// ------------------------------------------------------------------ the ordinary

TEST_F(WebSocketTest, AsksWithTokenAndSubprotocol) {
  Recorded<std::string> heads;
  const ScriptedServer server([&](Peer& peer) {
    heads.add(accept_websocket(peer));
    peer.wait_for_end();
  });
  Seen& seen = remember();
  connect({.url = ws_url(server), .bearer_token = "secret"}, seen);
  seen.opened.wait_for(1);
  const std::string head = heads.wait_for(1).front();
  EXPECT_EQ(head.find("GET /ws/connect HTTP/1.1\r\n"), 0u);
  EXPECT_NE(head.find("Authorization: Bearer secret\r\n"), std::string::npos);
  EXPECT_NE(head.find("Sec-WebSocket-Protocol: sotto.v1\r\n"), std::string::npos);
  EXPECT_NE(head.find("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"), std::string::npos);
  EXPECT_EQ(head.find("permessage-deflate"), std::string::npos);
}

TEST_F(WebSocketTest, ExchangesBinaryFramesInOrderBeginningWithThoseQueuedBeforeItOpened) {
  const ScriptedServer server(echo);
  Seen& seen = remember();
  auto& socket = connect({.url = ws_url(server)}, seen);
  std::vector<std::string> sent;
  for (int i = 0; i < 50; ++i) {
    sent.push_back(std::string(static_cast<std::size_t>(i) * 997, static_cast<char>('a' + i % 26)));
    EXPECT_TRUE(send(socket, sent.back()));
  }
  EXPECT_EQ(seen.frames.wait_for(sent.size()), sent);
}

TEST_F(WebSocketTest, PutsFragmentsTogether) {
  const ScriptedServer server([](Peer& peer) {
    accept_websocket(peer);
    write_frame(peer, test::kBinary, "one ", false);
    write_frame(peer, test::kPing, "between");
    write_frame(peer, test::kContinuation, "frame");
    peer.wait_for_end();
  });
  Seen& seen = remember();
  connect({.url = ws_url(server)}, seen);
  EXPECT_EQ(seen.frames.wait_for(1).front(), "one frame");
}

TEST_F(WebSocketTest, AnswersThePeersPings) {
  Recorded<std::string> pongs;
  const ScriptedServer server([&](Peer& peer) {
    accept_websocket(peer);
    write_frame(peer, test::kPing, "are you there");
    const auto frame = read_frame(peer);
    if (frame.opcode == test::kPong) pongs.add(frame.payload);
    peer.wait_for_end();
  });
  Seen& seen = remember();
  connect({.url = ws_url(server)}, seen);
  EXPECT_EQ(pongs.wait_for(1).front(), "are you there");
}

TEST_F(WebSocketTest, APingIsAnsweredByOnPong) {
  const ScriptedServer server(echo);
  Seen& seen = remember();
  auto& socket = connect({.url = ws_url(server)}, seen);
  seen.opened.wait_for(1);
  on_loop([&] { socket.ping(); });
  seen.pongs.wait_for(1);
  on_loop([&] { socket.ping(); });
  seen.pongs.wait_for(2);
}

TEST_F(WebSocketTest, APingThatWaitsBehindALargeFrameIsAnsweredAsLongAsThatMoves) {
  std::atomic<bool> pong_seen = false;
  const ScriptedServer server([&](Peer& peer) {
    accept_websocket(peer);
    while (!pong_seen)
      peer.read_exact(1024), std::this_thread::sleep_for(Milliseconds{1});  // a slow line
    peer.wait_for_end();
  });
  Seen& seen = remember();
  auto& socket = connect({.url = ws_url(server)}, seen);
  seen.opened.wait_for(1);
  EXPECT_TRUE(send(socket, std::string(kSendQueueBytes, 'x')));
  on_loop([&] { socket.ping(); });
  seen.pongs.wait_for(1);
  pong_seen = true;
}

// ------------------------------------------------------------------ closing

TEST_F(WebSocketTest, CloseSendsWhatIsQueuedThenSaysGoodbyeAndReportsOnce) {
  Recorded<std::string> received;
  const ScriptedServer server([&](Peer& peer) {
    accept_websocket(peer);
    for (;;) {
      const auto frame = read_frame(peer);
      received.add(frame.payload);
      if (frame.opcode != test::kClose) continue;
      write_frame(peer, test::kClose, frame.payload);
      return;
    }
  });
  Seen& seen = remember();
  auto& socket = connect({.url = ws_url(server)}, seen);
  seen.opened.wait_for(1);
  on_loop([&] {
    EXPECT_TRUE(socket.send(Bytes{'a'}));
    EXPECT_TRUE(socket.send(Bytes{'b'}));
    socket.close(1000);
    EXPECT_FALSE(socket.send(Bytes{'c'}));
    socket.close(1001);  // too late to matter
  });
  EXPECT_EQ(received.wait_for(3), (std::vector<std::string>{"a", "b", close_payload(1000)}));
  EXPECT_EQ(seen.closed.wait_for(1).front().error.code, ErrorCode::connection_closed);
  on_loop([&] { sockets_.clear(); });
  EXPECT_EQ(seen.closed.now().size(), 1u);
}

TEST_F(WebSocketTest, CloseDoesNotWaitForeverForTheAnswer) {
  use(impatient());
  const ScriptedServer server([](Peer& peer) {
    accept_websocket(peer);
    peer.hang();
  });
  Seen& seen = remember();
  auto& socket = connect({.url = ws_url(server)}, seen);
  seen.opened.wait_for(1);
  on_loop([&] { socket.close(1000); });
  seen.closed.wait_for(1);
}

TEST_F(WebSocketTest, ClosedBeforeItIsOpenReportsCancelled) {
  const ScriptedServer server([](Peer& peer) { peer.hang(); });
  Seen& seen = remember();
  auto& socket = connect({.url = ws_url(server)}, seen);
  on_loop([&] { socket.close(1000); });
  EXPECT_EQ(seen.closed.wait_for(1).front().error.code, ErrorCode::cancelled);
}

TEST_F(WebSocketTest, ThePeersCloseCodeIsReported) {
  const auto closed = outcome([](Peer& peer) {
    accept_websocket(peer);
    write_frame(peer, test::kClose, close_payload(4002) + "superseded");
    peer.wait_for_end();
  });
  EXPECT_EQ(closed.close_code, 4002);
  EXPECT_EQ(closed.error.code, ErrorCode::connection_closed);
}

TEST_F(WebSocketTest, FramesBeforeThePeersCloseArriveFirst) {
  const ScriptedServer server([](Peer& peer) {
    accept_websocket(peer);
    write_frame(peer, test::kBinary, "last words");
    write_frame(peer, test::kClose, close_payload(1012));
    peer.wait_for_end();
  });
  Seen& seen = remember();
  connect({.url = ws_url(server)}, seen);
  EXPECT_EQ(seen.closed.wait_for(1).front().close_code, 1012);
  EXPECT_EQ(seen.frames.now(), std::vector<std::string>{"last words"});
}

TEST_F(WebSocketTest, ALostConnectionIsReportedAsClosed) {
  EXPECT_EQ(outcome([](Peer& peer) { accept_websocket(peer); }).error.code, ErrorCode::connection_closed);
  EXPECT_EQ(outcome([](Peer& peer) {
              accept_websocket(peer);
              peer.reset();
            }).error.code,
            ErrorCode::connection_closed);
}

TEST_F(WebSocketTest, NothingCallsBackOnceTheHandleIsDestroyedInsideACallback) {
  const ScriptedServer server([](Peer& peer) {
    accept_websocket(peer);
    for (int i = 0; i < 100; ++i)
      write_frame(peer, test::kBinary, "frame");
    peer.wait_for_end();
  });
  use({});
  Recorded<std::string> calls;
  std::unique_ptr<WebSocket> socket;
  on_loop([&] {
    socket = transport_->connect({.url = ws_url(server)},
                                 {.on_open = [&] { calls.add("open"); },
                                  .on_frame =
                                      [&](ByteView frame) {
                                        socket.reset();
                                        calls.add(std::string(as_text(frame)));
                                      },
                                  .on_pong = [] {},
                                  .on_closed = [&](const Closed&) { calls.add("closed"); }});
  });
  calls.wait_for(2);
  Seen& seen = remember();  // a second connection's whole life passes after the first one's end
  auto& other = connect({.url = ws_url(server)}, seen);
  seen.frames.wait_for(100);
  on_loop([&] { other.close(1000); });
  EXPECT_EQ(calls.now(), (std::vector<std::string>{"open", "frame"}));
}

TEST_F(WebSocketTest, MayBeDestroyedInEveryCallback) {
  for (const std::string when : {"open", "pong", "closed"}) {
    const ScriptedServer server([](Peer& peer) {
      accept_websocket(peer);
      read_frame(peer);
      write_frame(peer, test::kPong, "");
      read_frame(peer);
    });
    use({});
    Recorded<std::string> calls;
    std::unique_ptr<WebSocket> socket;
    const auto on = [&](const char* what) {
      if (when == what) socket.reset();
      calls.add(what);
    };
    on_loop([&] {
      socket =
          transport_->connect({.url = ws_url(server)}, {.on_open =
                                                            [&] {
                                                              on("open");
                                                              if (socket) socket->ping();
                                                            },
                                                        .on_frame = [](ByteView) {},
                                                        .on_pong =
                                                            [&] {
                                                              on("pong");
                                                              if (socket) socket->close(1000);
                                                            },
                                                        .on_closed = [&](const Closed&) { on("closed"); }});
    });
    const std::size_t calls_until_then = when == "open" ? 1 : when == "pong" ? 2 : 3;
    EXPECT_EQ(calls.wait_for(calls_until_then).back(), when);
    on_loop([] {});  // the callback has returned; only then may what it uses go
  }
}

// ------------------------------------------------------------------ servers that refuse

TEST_F(WebSocketTest, ARefusedUpgradeBringsTheStatus) {
  const auto closed = outcome([](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
  });
  EXPECT_EQ(closed.http_status, 401u);
  EXPECT_EQ(closed.error.code, ErrorCode::signed_out);
}

TEST_F(WebSocketTest, ABusyServersRetryAfterIsKept) {
  const auto closed = outcome([](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.write("HTTP/1.1 503 Busy\r\nRetry-After: 12\r\nContent-Length: 4\r\n\r\nbusy");
  });
  EXPECT_EQ(closed.http_status, 503u);
  EXPECT_EQ(closed.error.code, ErrorCode::server_unavailable);
  EXPECT_EQ(closed.error.retry_after, std::chrono::seconds(12));
}

TEST_F(WebSocketTest, AServerWithoutTheSubprotocolIsNoSottoServer) {
  const auto closed = outcome([](Peer& peer) {
    accept_websocket(peer, "");
    peer.wait_for_end();
  });
  EXPECT_EQ(closed.error.code, ErrorCode::protocol_violation);
  EXPECT_NE(closed.error.message.find("speaks WebSocket but not sotto.v1"), std::string::npos)
      << closed.error.message;
}

TEST_F(WebSocketTest, AWebSiteIsNoSottoServer) {
  const auto closed = outcome([](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  });
  EXPECT_EQ(closed.error.code, ErrorCode::protocol_violation);
  EXPECT_EQ(closed.http_status, 200u);
}

// ------------------------------------------------------------------ hostile and broken servers

TEST_F(WebSocketTest, GarbageInsteadOfAnAnswerIsAViolation) {
  const auto closed = outcome([](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.write("SSH-2.0-OpenSSH_9.2p1\r\n\r\n\r\n");
    peer.wait_for_end();
  });
  EXPECT_EQ(closed.error.code, ErrorCode::protocol_violation);
}

TEST_F(WebSocketTest, AWrongAcceptKeyIsAViolation) {
  const auto closed = outcome([](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nSec-WebSocket-Protocol: sotto.v1\r\n\r\n");
    peer.wait_for_end();
  });
  EXPECT_NE(closed.error.code, ErrorCode::internal);
  EXPECT_EQ(closed.error.code, ErrorCode::protocol_violation) << closed.error.message;
}

TEST_F(WebSocketTest, EndlessResponseHeadersAreAViolation) {
  const auto closed = outcome([](Peer& peer) {
    peer.read_until("\r\n\r\n");
    peer.write("HTTP/1.1 101 Switching Protocols\r\n");
    for (;;)
      peer.write("X-Padding: " + std::string(1000, 'x') + "\r\n");
  });
  EXPECT_EQ(closed.error.code, ErrorCode::protocol_violation);
}

TEST_F(WebSocketTest, AFrameLargerThanAllowedIsAViolationAndNeverHeldInMemory) {
  const auto closed = outcome([](Peer& peer) {
    accept_websocket(peer);
    peer.write(std::string("\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10));  // 2^63 - 1 bytes follow
    peer.wait_for_end();
  });
  EXPECT_EQ(closed.error.code, ErrorCode::too_large);
}

TEST_F(WebSocketTest, AFrameOfExactlyTheLimitArrivesAndOneByteMoreDoesNot) {
  const ScriptedServer server([](Peer& peer) {
    accept_websocket(peer);
    write_frame(peer, test::kBinary, std::string(1000, 'x'));
    write_frame(peer, test::kBinary, std::string(600, 'x'), false);
    write_frame(peer, test::kContinuation, std::string(401, 'x'));
    peer.wait_for_end();
  });
  Seen& seen = remember();
  connect({.url = ws_url(server), .max_frame_bytes = 1000}, seen);
  EXPECT_EQ(seen.closed.wait_for(1).front().error.code, ErrorCode::too_large);
  ASSERT_EQ(seen.frames.now().size(), 1u);
  EXPECT_EQ(seen.frames.now().front().size(), 1000u);
}

TEST_F(WebSocketTest, FramesThatBreakTheProtocolAreViolations) {
  const auto code = [&](std::string bytes) {
    return outcome([bytes = std::move(bytes)](Peer& peer) {
             accept_websocket(peer);
             peer.write(bytes);
             peer.wait_for_end();
           })
        .error.code;
  };
  EXPECT_EQ(code(std::string("\x82\x81\0\0\0\0x", 7)),
            ErrorCode::protocol_violation);                     // masked (RFC 6455 §5.1)
  EXPECT_EQ(code("\xC2\x01x"), ErrorCode::protocol_violation);  // a reserved bit
  EXPECT_EQ(code("\x83\x01x"), ErrorCode::protocol_violation);  // an unknown opcode
  EXPECT_EQ(code("\x80\x01x"), ErrorCode::protocol_violation);  // a continuation of nothing
  EXPECT_EQ(code("\x09\x01x"), ErrorCode::protocol_violation);  // a fragmented ping
  EXPECT_EQ(code("\x81\x01x"), ErrorCode::protocol_violation);  // text, which sotto.v1 does not have
}

TEST_F(WebSocketTest, AServerThatAcceptsAndNeverAnswersTimesOut) {
  use(impatient());
  const auto closed = outcome([](Peer& peer) { peer.hang(); });
  EXPECT_EQ(closed.error.code, ErrorCode::timed_out);
  EXPECT_NE(closed.error.message.find("did not answer the WebSocket request"), std::string::npos);
}

TEST_F(WebSocketTest, ManySlowStepsStillEndInTheTimeInAll) {
  TransportOptions options;
  options.timeouts.connect_in_all = Milliseconds{50};
  use(options);
  const auto closed = outcome([](Peer& peer) { peer.hang(); });
  EXPECT_EQ(closed.error.code, ErrorCode::timed_out);
  EXPECT_NE(closed.error.message.find("took too long in all"), std::string::npos);
}

TEST_F(WebSocketTest, APeerThatDoesNotReadFillsABoundedQueue) {
  const ScriptedServer server([](Peer& peer) {
    accept_websocket(peer);
    peer.hang();
  });
  Seen& seen = remember();
  auto& socket = connect({.url = ws_url(server)}, seen);
  seen.opened.wait_for(1);
  const std::string frame(64 << 10, 'x');
  std::size_t taken = 0;
  while (taken < 10 * kSendQueueBytes && send(socket, frame))
    taken += frame.size();
  EXPECT_GE(taken, kSendQueueBytes);
  EXPECT_LT(taken, 10 * kSendQueueBytes);
  EXPECT_FALSE(send(socket, frame));
}

// ------------------------------------------------------------------ requests that cannot be made

TEST_F(WebSocketTest, BadRequestsAreRefusedByName) {
  const auto message = [&](WebSocketRequest request) {
    Seen& seen = remember();
    connect(std::move(request), seen);
    const auto closed = seen.closed.wait_for(1).front();
    EXPECT_EQ(closed.error.code, ErrorCode::invalid_argument);
    return closed.error.message;
  };
  EXPECT_EQ(message({.url = "nonsense"}), "the server's URL is not a URL");
  EXPECT_EQ(message({.url = "http://127.0.0.1/"}), "a WebSocket's URL starts with ws or wss");
  EXPECT_EQ(message({.url = "ws://127.0.0.1/", .bearer_token = "a\r\nEvil: yes"}),
            "the token or subprotocol holds a control character");
}

TEST_F(WebSocketTest, NobodyListeningIsReportedAsRefused) {
  Seen& seen = remember();
  connect({.url = "ws://127.0.0.1:" + std::to_string(dead_port()) + "/"}, seen);
  EXPECT_EQ(seen.closed.wait_for(1).front().error.code, ErrorCode::network_unreachable);
}

}  // namespace sotto::net
