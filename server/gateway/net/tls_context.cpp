#include "server/gateway/net/tls_context.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include <openssl/err.h>

namespace sotto::server {

namespace {

std::string last_error() {
  const unsigned long code = ERR_get_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown TLS error";
}

/// A browser offers h2 first; this port speaks HTTP/1.1 (RFC 7301).
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  static constexpr std::string_view kHttp11 = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_length, reinterpret_cast<const unsigned char*>(kHttp11.data()),
                            static_cast<unsigned int>(kHttp11.size()), offered,
                            offered_length) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool readable(const std::string& path) {
  return std::ifstream(path).good();
}

}  // namespace

Result<TlsContext, std::string> TlsContext::load(const std::string& certificate_file,
                                                 const std::string& key_file) {
  for (const std::string& path : {certificate_file, key_file}) {
    if (!readable(path)) return path + ": cannot be read: " + std::strerror(errno);
  }
  ERR_clear_error();
  TlsContext tls(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = tls.context_.get();
  if (context == nullptr) return "TLS: " + last_error();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  // Idle connections hold no record buffers (17 KB each way); a queue that has grown may be retried from a
  // new address.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);  // one read() for a record instead of two
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
    return certificate_file + ": not a certificate in PEM form (" + last_error() + ")";
  }
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    const unsigned long code = ERR_peek_error();
    if (ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH) {
      ERR_clear_error();
      return key_file + ": does not belong to the certificate in " + certificate_file;
    }
    return key_file + ": not a private key in PEM form (" + last_error() + ")";
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return key_file + ": does not belong to the certificate in " + certificate_file;
  }
  return tls;
}

SslPtr TlsContext::accept_on(int socket) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl || SSL_set_fd(ssl.get(), socket) != 1) return nullptr;
  SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace sotto::server
