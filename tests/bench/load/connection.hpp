// One WebSocket of the load generator: a non-blocking socket, plain or TLS, with just the framing that is
// needed (RFC 6455). Frames queue up in one buffer and leave in one write.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tests/bench/load/options.hpp"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace sotto::bench {

/// Blocking connect and TLS handshake (certificates are not checked: this is a load generator). Exits on
/// failure.
class Socket {
 public:
  Socket(const Address& address, SSL_CTX* tls);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// Bytes read or written; 0: would block; -1: the connection has ended.
  long read(char* out, std::size_t size);
  long write(const char* data, std::size_t size);
  void set_blocking(bool blocking);
  [[nodiscard]] int descriptor() const { return fd_; }

 private:
  int fd_ = -1;
  SSL* ssl_ = nullptr;
};

class Connection {
 public:
  /// Upgrades; exits on failure.
  Connection(const Address& address, SSL_CTX* tls, const std::string& token, bool json);

  /// Adds one frame to what leaves with the next `flush`.
  void queue(std::string_view payload);
  /// Writes as much as the socket takes. False: the connection has ended.
  bool flush();
  /// Reads what is there and gives each message's payload. False: the connection has ended.
  bool receive(const std::function<void(std::string_view)>& on_message);
  [[nodiscard]] int descriptor() const { return socket_->descriptor(); }
  [[nodiscard]] bool wants_to_write() const { return !out_.empty(); }

 private:
  bool take_frame(const std::function<void(std::string_view)>& on_message);
  void append_frame(std::uint8_t opcode, std::string_view payload);

  std::unique_ptr<Socket> socket_;
  bool json_;
  bool ended_ = false;
  std::string in_;
  std::size_t in_used_ = 0;
  std::string out_;
};

}  // namespace sotto::bench
