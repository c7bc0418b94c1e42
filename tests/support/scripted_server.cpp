#include "tests/support/scripted_server.hpp"

#include <array>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace sotto::test {

namespace {

// How often a blocked script looks whether the test is over.
constexpr int kLookEveryMs = 20;

SSL_CTX* make_context(const ServerCertificate& certificate) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(certificate.certificate_pem.data(),
                      static_cast<int>(certificate.certificate_pem.size())),
      &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> own(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> key_bio(
      BIO_new_mem_buf(certificate.key_pem.data(), static_cast<int>(certificate.key_pem.size())), &BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (SSL_CTX_use_certificate(context, own.get()) != 1 || SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    throw std::runtime_error("the test server's certificate cannot be used");
  }
  return context;
}

}  // namespace

// ------------------------------------------------------------------ Peer

Peer::~Peer() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  ::close(fd_);
}

void Peer::shake_hands() {
  if (tls_ == nullptr) return;
  ssl_ = SSL_new(tls_);
  SSL_set_fd(ssl_, fd_);
  if (SSL_accept(ssl_) != 1) throw PeerGone("TLS handshake failed");
}

void Peer::interrupt() {
  interrupted_ = true;
  ::shutdown(fd_, SHUT_RDWR);
}

std::size_t Peer::read_some(char* data, std::size_t size) {
  if (ssl_ != nullptr) {
    std::size_t read = 0;
    return SSL_read_ex(ssl_, data, size, &read) == 1 ? read : 0;
  }
  const ssize_t read = ::recv(fd_, data, size, 0);
  return read > 0 ? static_cast<std::size_t>(read) : 0;
}

std::string Peer::read_exact(std::size_t size) {
  std::array<char, 16384> chunk;
  while (unread_.size() < size) {
    const std::size_t read = read_some(chunk.data(), chunk.size());
    if (read == 0) throw PeerGone("closed");
    unread_.append(chunk.data(), read);
  }
  std::string out = unread_.substr(0, size);
  unread_.erase(0, size);
  return out;
}

std::string Peer::read_until(std::string_view mark) {
  std::array<char, 4096> chunk;
  std::size_t found = unread_.find(mark);
  while (found == std::string::npos) {
    const std::size_t read = read_some(chunk.data(), chunk.size());
    if (read == 0) throw PeerGone("closed");
    unread_.append(chunk.data(), read);
    found = unread_.find(mark);
  }
  return read_exact(found + mark.size());
}

void Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t written = 0;
    if (ssl_ != nullptr) {
      if (SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written) != 1) throw PeerGone("closed");
    } else {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw PeerGone("closed");
      written = static_cast<std::size_t>(sent);
    }
    bytes.remove_prefix(written);
  }
}

void Peer::wait_for_end() {
  std::array<char, 4096> chunk;
  while (read_some(chunk.data(), chunk.size()) != 0) {
  }
}

void Peer::hang() {
  while (!interrupted_)
    ::poll(nullptr, 0, kLookEveryMs);
}

void Peer::reset() {
  // Linux: dissolving a connection resets it, and leaves the descriptor to its owner.
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  ::connect(fd_, &nobody, sizeof nobody);
}

// ------------------------------------------------------------------ ScriptedServer

ScriptedServer::ScriptedServer(Script script, const std::optional<ServerCertificate>& certificate)
    : script_(std::move(script)) {
  if (certificate) tls_ = make_context(*certificate);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, raw, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, raw, &size) != 0) {
    throw std::runtime_error("the test server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (auto& peer : peers_)
      peer->interrupt();
  }
  for (auto& thread : threads_)
    thread.join();
  peers_.clear();
  ::close(listener_);
  if (tls_ != nullptr) SSL_CTX_free(tls_);
}

void ScriptedServer::accept_all() {
  // OpenSSL writes without MSG_NOSIGNAL. Only in this thread and those it starts: the code under test has to
  // get along without such help.
  sigset_t broken_pipe;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  while (!stopping_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, kLookEveryMs) <= 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const std::lock_guard lock(mutex_);
    Peer& peer = *peers_.emplace_back(std::make_unique<Peer>(fd, tls_, connections_++));
    threads_.emplace_back([this, &peer] { serve(peer); });
  }
}

void ScriptedServer::serve(Peer& peer) {
  try {
    peer.shake_hands();
    script_(peer);
  } catch (const PeerGone&) {
    // The client went away: whatever that means is for the test's client side to say.
  }
  if (peer.ssl_ != nullptr) SSL_shutdown(peer.ssl_);
  ::shutdown(peer.fd_, SHUT_RDWR);
}

// ------------------------------------------------------------------ WebSocket

std::string accept_websocket(Peer& peer, std::string_view extra) {
  const std::string head = peer.read_until("\r\n\r\n");
  static constexpr std::string_view kField = "Sec-WebSocket-Key: ";
  const std::size_t at = head.find(kField) + kField.size();
  const std::string text =
      head.substr(at, head.find("\r\n", at) - at) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> hash{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  std::array<unsigned char, 32> accept{};
  EVP_EncodeBlock(accept.data(), hash.data(), static_cast<int>(hash.size()));
  peer.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Accept: " +
      std::string(reinterpret_cast<const char*>(accept.data())) + "\r\n" + std::string(extra) + "\r\n");
  return head;
}

WebSocketFrame read_frame(Peer& peer) {
  auto number = [&](std::size_t bytes) {
    std::size_t value = 0;
    for (const char c : peer.read_exact(bytes))
      value = value << 8 | static_cast<unsigned char>(c);
    return value;
  };
  const std::size_t head = number(2);
  WebSocketFrame frame;
  frame.final = (head & 0x8000) != 0;
  frame.opcode = static_cast<int>(head >> 8 & 0x0F);
  if ((head & 0x80) == 0) throw std::logic_error("a client's frame has to be masked (RFC 6455 §5.1)");
  std::size_t size = head & 0x7F;
  if (size == 126) size = number(2);
  if (size == 127) size = number(8);
  const std::string mask = peer.read_exact(4);
  frame.payload = peer.read_exact(size);
  for (std::size_t i = 0; i < size; ++i)
    frame.payload[i] = static_cast<char>(frame.payload[i] ^ mask[i % 4]);
  return frame;
}

void write_frame(Peer& peer, int opcode, std::string_view payload, bool final) {
  std::string out(1, static_cast<char>((final ? 0x80 : 0) | opcode));
  auto number = [&](std::size_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i)
      out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  };
  if (payload.size() < 126) {
    number(payload.size(), 1);
  } else if (payload.size() < 65536) {
    number(126, 1);
    number(payload.size(), 2);
  } else {
    number(127, 1);
    number(payload.size(), 8);
  }
  peer.write(out.append(payload));
}

std::string close_payload(std::uint16_t code) {
  return {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
}

}  // namespace sotto::test
