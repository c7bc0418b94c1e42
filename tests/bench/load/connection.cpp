#include "tests/bench/load/connection.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <netdb.h>
#include <netinet/tcp.h>

namespace sotto::bench {

namespace {

constexpr std::size_t kReadChunk = 64 * 1024;

enum Opcode : std::uint8_t { kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

}  // namespace

Socket::Socket(const Address& address, SSL_CTX* tls) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(address.port);
  if (::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found) != 0)
    give_up("no such host: " + address.host);
  for (auto* at = found; at != nullptr && fd_ < 0; at = at->ai_next) {
    fd_ = ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ >= 0 && ::connect(fd_, at->ai_addr, at->ai_addrlen) != 0) {
      ::close(fd_);
      fd_ = -1;
    }
  }
  ::freeaddrinfo(found);
  if (fd_ < 0) give_up("cannot connect to " + address.host + ":" + port + ": " + std::strerror(errno));
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (tls != nullptr) {
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, fd_);
    if (SSL_connect(ssl_) != 1) give_up("the TLS handshake failed");
  }
}

Socket::~Socket() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  if (fd_ >= 0) ::close(fd_);
}

void Socket::set_blocking(bool blocking) {
  const int flags = ::fcntl(fd_, F_GETFL);
  ::fcntl(fd_, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

long Socket::read(char* out, std::size_t size) {
  if (ssl_ != nullptr) {
    const int n = SSL_read(ssl_, out, static_cast<int>(size));
    if (n > 0) return n;
    const int why = SSL_get_error(ssl_, n);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
  }
  const auto n = ::recv(fd_, out, size, 0);
  if (n > 0) return n;
  return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

long Socket::write(const char* data, std::size_t size) {
  if (ssl_ != nullptr) {
    const int n = SSL_write(ssl_, data, static_cast<int>(size));
    if (n > 0) return n;
    const int why = SSL_get_error(ssl_, n);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
  }
  const auto n = ::send(fd_, data, size, MSG_NOSIGNAL);
  if (n >= 0) return n;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

Connection::Connection(const Address& address, SSL_CTX* tls, const std::string& token, bool json)
    : socket_(std::make_unique<Socket>(address, tls)), json_(json) {
  // The key is any 16 bytes; nothing here depends on its being random.
  const std::string request =
      "GET /ws/connect HTTP/1.1\r\nHost: " + address.host + ":" + std::to_string(address.port) +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\nSec-WebSocket-Protocol: " +
      (json ? "sotto.v1.json" : "sotto.v1") + "\r\nAuthorization: Bearer " + token + "\r\n\r\n";
  if (socket_->write(request.data(), request.size()) != static_cast<long>(request.size()))
    give_up("the upgrade was cut off");
  std::array<char, 4096> chunk{};
  std::size_t end = std::string::npos;
  while (end == std::string::npos) {
    const auto n = socket_->read(chunk.data(), chunk.size());
    if (n <= 0) give_up("the upgrade was cut off");
    in_.append(chunk.data(), static_cast<std::size_t>(n));
    end = in_.find("\r\n\r\n");
  }
  if (in_.find(" 101 ") == std::string::npos)
    give_up("the server refused the upgrade: " + in_.substr(0, in_.find('\r')));
  in_.erase(0, end + 4);
  socket_->set_blocking(false);
}

void Connection::append_frame(std::uint8_t opcode, std::string_view payload) {
  out_.push_back(static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    out_.push_back(static_cast<char>(0x80 | payload.size()));
  } else if (payload.size() < 65536) {
    out_.push_back(static_cast<char>(0x80 | 126));
    out_.push_back(static_cast<char>(payload.size() >> 8));
    out_.push_back(static_cast<char>(payload.size() & 0xFF));
  } else {
    give_up("a frame of more than 64 KiB");
  }
  // A client must mask (RFC 6455 §5.3); with the mask 0 the bytes stay as they are.
  out_.append(4, '\0');
  out_.append(payload);
}

void Connection::queue(std::string_view payload) {
  append_frame(json_ ? kText : kBinary, payload);
}

bool Connection::flush() {
  std::size_t done = 0;
  while (done < out_.size()) {
    const auto n = socket_->write(out_.data() + done, out_.size() - done);
    if (n < 0) ended_ = true;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  out_.erase(0, done);
  return !ended_;
}

bool Connection::take_frame(const std::function<void(std::string_view)>& on_message) {
  const auto available = in_.size() - in_used_;
  const auto* p = reinterpret_cast<const std::uint8_t*>(in_.data()) + in_used_;
  if (available < 2) return false;
  std::size_t header = 2;
  std::size_t length = p[1] & 0x7F;
  if (length == 126) {
    if (available < 4) return false;
    length = static_cast<std::size_t>(p[2]) << 8 | p[3];
    header = 4;
  } else if (length == 127) {
    if (available < 10) return false;
    length = 0;
    for (int i = 2; i < 10; ++i)
      length = length << 8 | p[i];
    header = 10;
  }
  if (available < header + length) return false;
  const std::string_view payload(in_.data() + in_used_ + header, length);
  in_used_ += header + length;
  switch (p[0] & 0x0F) {
    case kText:
    case kBinary:
      on_message(payload);
      break;
    case kPing:
      append_frame(kPong, payload);
      break;
    case kClose:
      ended_ = true;
      break;
    default:
      break;
  }
  return true;
}

bool Connection::receive(const std::function<void(std::string_view)>& on_message) {
  while (take_frame(on_message)) {  // what came with the upgrade's answer
  }
  while (!ended_) {
    in_.erase(0, in_used_);
    in_used_ = 0;
    const auto had = in_.size();
    in_.resize(had + kReadChunk);
    const auto n = socket_->read(in_.data() + had, kReadChunk);
    in_.resize(had + static_cast<std::size_t>(n > 0 ? n : 0));
    if (n < 0) ended_ = true;
    if (n <= 0) break;
    while (take_frame(on_message)) {
    }
    if (static_cast<std::size_t>(n) < kReadChunk) break;
  }
  if (in_.empty() && in_.capacity() > kReadChunk / 4)
    in_.shrink_to_fit();  // thousands of idle ones must stay small
  return !ended_;
}

}  // namespace sotto::bench
