// The server's certificate and key, loaded and set up so that a connection costs little memory: buffers are
// released while idle, no sessions or tickets are kept (docs/performance.md).
//
//   auto tls = TlsContext::load("cert.pem", "key.pem");
//   if (!tls) return fail(tls.error());        // "key.pem: not a private key in PEM form"
#pragma once

#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "sotto/result.hpp"

namespace sotto::server {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;

class TlsContext {
 public:
  static Result<TlsContext, std::string> load(const std::string& certificate_file,
                                              const std::string& key_file);
  /// For one connection on this socket. Nothing: out of memory.
  [[nodiscard]] SslPtr accept_on(int socket) const;

 private:
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  explicit TlsContext(SSL_CTX* context) : context_(context) {}
  std::unique_ptr<SSL_CTX, FreeContext> context_;
};

}  // namespace sotto::server
