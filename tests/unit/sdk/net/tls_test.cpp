#include <string>

#include "tests/unit/sdk/net/network_fixture.hpp"

namespace sotto::net {

using test::Authority;
using test::CertificateRequest;

namespace {

void answer_204(Peer& peer) {
  for (;;) {
    peer.read_until("\r\n\r\n");
    peer.write("HTTP/1.1 204 No Content\r\n\r\n");
  }
}

class TlsTest : public NetworkTest {
 protected:
  /// "204", or the code and text of the error, from an HTTPS request to a server with such a certificate.
  std::string ask(const CertificateRequest& certificate, const std::string& host, const std::string& roots) {
    const ScriptedServer server(answer_204, authority_.issue(certificate));
    use({.roots_pem = roots});
    return ask("https://" + host + ":" + std::to_string(server.port()) + "/");
  }
  std::string ask(const std::string& url) {
    const auto response = fetch({.url = url});
    if (response) return std::to_string(response->status);
    return std::string(to_string(response.error().code)) + ": " + response.error().message;
  }
  static bool says(const std::string& text, const std::string& part) {
    return text.find("tls_failed: ") == 0 && text.find(part) != std::string::npos;
  }

  Authority authority_;
};

}  // namespace

TEST_F(TlsTest, AcceptsACertificateOfAGivenRootForThisName) {
  EXPECT_EQ(ask({.dns = "localhost"}, "localhost", authority_.roots_pem()), "204");
}

TEST_F(TlsTest, AcceptsACertificateForThisAddress) {
  EXPECT_EQ(ask({.ip = "127.0.0.1"}, "127.0.0.1", authority_.roots_pem()), "204");
}

TEST_F(TlsTest, TakesSeveralRoots) {
  EXPECT_EQ(ask({.dns = "localhost"}, "localhost", Authority().roots_pem() + authority_.roots_pem()), "204");
}

TEST_F(TlsTest, RefusesACertificateForAnotherName) {
  const auto said = ask({.dns = "other.example"}, "localhost", authority_.roots_pem());
  EXPECT_TRUE(says(said, "is for another host")) << said;
}

TEST_F(TlsTest, RefusesACertificateForAnotherAddress) {
  const auto said = ask({.dns = "localhost", .ip = "127.0.0.2"}, "127.0.0.1", authority_.roots_pem());
  EXPECT_TRUE(says(said, "is for another host")) << said;
}

TEST_F(TlsTest, RefusesAnExpiredCertificate) {
  const auto said =
      ask({.dns = "localhost", .valid_until = std::chrono::hours{-1}}, "localhost", authority_.roots_pem());
  EXPECT_TRUE(says(said, "has expired")) << said;
}

TEST_F(TlsTest, RefusesACertificateThatIsNotValidYet) {
  const auto said =
      ask({.dns = "localhost", .valid_from = std::chrono::hours{1}}, "localhost", authority_.roots_pem());
  EXPECT_TRUE(says(said, "is not valid yet")) << said;
}

TEST_F(TlsTest, RefusesAnUnknownIssuer) {
  const auto said = ask({.dns = "localhost"}, "localhost", Authority().roots_pem());
  EXPECT_TRUE(says(said, "an issuer that is not trusted")) << said;
}

TEST_F(TlsTest, TheSystemsRootsDoNotTrustATestAuthority) {
  const auto said = ask({.dns = "localhost"}, "localhost", "");
  EXPECT_TRUE(says(said, "an issuer that is not trusted")) << said;
}

TEST_F(TlsTest, SaysThatAPlainServerDoesNotSpeakTls) {
  const ScriptedServer server([](Peer& peer) {
    peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.wait_for_end();
  });
  const auto said = ask("https://127.0.0.1:" + std::to_string(server.port()) + "/");
  EXPECT_TRUE(says(said, "does not speak TLS as expected")) << said;
}

TEST_F(TlsTest, AConnectionLostInTheHandshakeIsNotACertificateProblem) {
  const ScriptedServer server([](Peer&) {});
  EXPECT_EQ(ask("https://127.0.0.1:" + std::to_string(server.port()) + "/").find("connection_closed: "), 0u);
}

TEST_F(TlsTest, AServerThatNeverFinishesTheHandshakeTimesOut) {
  TransportOptions options;
  options.timeouts.tls = Milliseconds{50};
  use(options);
  const ScriptedServer server([](Peer& peer) { peer.hang(); });
  const auto said = ask("https://127.0.0.1:" + std::to_string(server.port()) + "/");
  EXPECT_EQ(said.find("timed_out: "), 0u) << said;
}

TEST_F(TlsTest, BrokenRootsAreRefusedAtOnce) {
  EXPECT_EQ(make_transport(loop_, {.roots_pem = "no PEM"}).error().message,
            "the given TLS roots hold no PEM certificate");
  std::string cut = authority_.roots_pem();
  cut.erase(200, 40);
  EXPECT_EQ(make_transport(loop_, {.roots_pem = authority_.roots_pem() + cut}).error().message,
            "the given TLS roots hold a broken certificate");
}

TEST_F(TlsTest, CarriesWebSocketFramesOfEverySize) {
  const ScriptedServer server(
      [](Peer& peer) {
        test::accept_websocket(peer);
        for (;;)
          test::write_frame(peer, test::kBinary, test::read_frame(peer).payload);
      },
      authority_.issue({.dns = "localhost"}));
  use({.roots_pem = authority_.roots_pem()});
  Seen& seen = remember();
  auto& socket = connect({.url = "wss://localhost:" + std::to_string(server.port()) + "/"}, seen);
  std::vector<std::string> sent;
  for (const std::size_t size : {0u, 1u, 125u, 126u, 16'383u, 16'384u, 16'385u, 65'535u, 65'536u, 1u << 20}) {
    sent.push_back(std::string(size, static_cast<char>('a' + sent.size())));
    EXPECT_TRUE(send(socket, sent.back()));
  }
  EXPECT_EQ(seen.frames.wait_for(sent.size()), sent);
}

}  // namespace sotto::net
