// A server for tests that does exactly what its script says, byte for byte, so that it can be as wrong as a
// test needs. Blocking calls, a thread a connection; no Beast, so that client code is not tested against
// itself.
//
//   ScriptedServer server([](Peer& peer) {
//     peer.read_until("\r\n\r\n");
//     peer.write("HTTP/1.1 204 No Content\r\n\r\n");
//   });
//   connect_to(server.port());
//
// When the script returns the connection is closed. A script that waits for what never comes is ended by the
// server's destructor.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/certificates.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace sotto::test {

/// The other side is gone, or the test is over. Scripts let it through.
struct PeerGone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Peer {
 public:
  Peer(int fd, ssl_ctx_st* tls, int number) : fd_(fd), tls_(tls), number_(number) {}
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// How many connections came before this one.
  [[nodiscard]] int number() const { return number_; }

  std::string read_exact(std::size_t size);
  /// Up to and including `mark`.
  std::string read_until(std::string_view mark);
  void write(std::string_view bytes);
  /// Returns once the client has closed its side; what it sends until then is thrown away.
  void wait_for_end();
  /// Returns when the server is destroyed, reading nothing.
  void hang();
  /// Ends the connection with a TCP reset instead of an orderly close.
  void reset();

 private:
  friend class ScriptedServer;
  void shake_hands();
  std::size_t read_some(char* data, std::size_t size);
  void interrupt();

  int fd_;
  ssl_ctx_st* tls_;
  ssl_st* ssl_ = nullptr;
  int number_;
  std::string unread_;
  std::atomic<bool> interrupted_{false};
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  explicit ScriptedServer(Script script, const std::optional<ServerCertificate>& certificate = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(Peer& peer);

  Script script_;
  ssl_ctx_st* tls_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;  // guards the two lists between the accepting thread and the destructor
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// ------------------------------------------------------------------ WebSocket (RFC 6455), the server's side

struct WebSocketFrame {
  int opcode = 0;
  bool final = true;
  std::string payload;
};
inline constexpr int kContinuation = 0;
inline constexpr int kText = 1;
inline constexpr int kBinary = 2;
inline constexpr int kClose = 8;
inline constexpr int kPing = 9;
inline constexpr int kPong = 10;

/// Reads the upgrade request, accepts it, and returns the request's head. `extra` are header lines, each
/// ending in CRLF.
std::string accept_websocket(Peer& peer, std::string_view extra = "Sec-WebSocket-Protocol: sotto.v1\r\n");
/// The next frame, unmasked.
WebSocketFrame read_frame(Peer& peer);
void write_frame(Peer& peer, int opcode, std::string_view payload, bool final = true);
/// The payload of a close frame.
std::string close_payload(std::uint16_t code);

}  // namespace sotto::test
