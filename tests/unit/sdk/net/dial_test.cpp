#include "sdk/net/channel/dial.hpp"

#include <boost/asio/ip/address.hpp>

#include "tests/unit/sdk/net/network_fixture.hpp"

namespace sotto::net {

namespace {

Endpoint at(const char* address) {
  return {asio::ip::make_address(address), 443};
}

class DialTest : public NetworkTest {
 protected:
  /// What came of it, as text.
  std::string dial(const std::string& host, std::uint16_t port) {
    Recorded<std::string> results;
    std::shared_ptr<Dial> dial;
    on_loop([&] {
      dial = Dial::start(loop_, host, port, Milliseconds{10'000}, [&](const Result<Socket>& socket) {
        results.add(socket ? "connected"
                           : std::string(to_string(socket.error().code)) + ": " + socket.error().message);
      });
    });
    auto out = results.wait_for(1);
    on_loop([&] { dial.reset(); });
    return out.empty() ? "" : out.front();
  }
};

}  // namespace

TEST(Dial, TriesIpv6AndIpv4InTurnsBeginningWithTheSystemsFirst) {
  EXPECT_EQ(interleave_families({at("2001:db8::1"), at("2001:db8::2"), at("2001:db8::3"), at("192.0.2.1")}),
            (std::vector{at("2001:db8::1"), at("192.0.2.1"), at("2001:db8::2"), at("2001:db8::3")}));
  EXPECT_EQ(interleave_families({at("192.0.2.1"), at("192.0.2.2"), at("2001:db8::1")}),
            (std::vector{at("192.0.2.1"), at("2001:db8::1"), at("192.0.2.2")}));
}

TEST(Dial, TriesAtMostEightAddresses) {
  EXPECT_EQ(interleave_families(std::vector(100, at("192.0.2.1"))).size(), 8u);
}

TEST_F(DialTest, ConnectsToANumericAddress) {
  const ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  EXPECT_EQ(dial("127.0.0.1", server.port()), "connected");
}

TEST_F(DialTest, FindsTheAddressOfANameThatAnswers) {
  // localhost is ::1 as well where the machine has IPv6, and there nobody listens.
  const ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  EXPECT_EQ(dial("localhost", server.port()), "connected");
}

TEST_F(DialTest, SaysThatAConnectionWasRefused) {
  const auto port = dead_port();
  EXPECT_EQ(dial("127.0.0.1", port),
            "network_unreachable: connection refused by 127.0.0.1:" + std::to_string(port));
}

TEST_F(DialTest, SaysThatANameWasNotFound) {
  // RFC 6761 §6.4: no such name ever exists.
  EXPECT_EQ(dial("no-such-host.invalid", 443)
                .find("network_unreachable: the name no-such-host.invalid was not found: "),
            0u);
}

TEST_F(DialTest, IsSilentOnceCancelled) {
  const ScriptedServer server([](Peer& peer) { peer.wait_for_end(); });
  bool called = false;
  on_loop([&] {
    for (const char* host : {"127.0.0.1", "localhost"}) {
      Dial::start(loop_, host, server.port(), Milliseconds{10'000}, [&](const Result<Socket>&) {
        called = true;
      })->cancel();
    }
  });
  EXPECT_EQ(dial("localhost", server.port()), "connected");  // by now the cancelled ones would have called
  EXPECT_FALSE(called);
}

}  // namespace sotto::net
