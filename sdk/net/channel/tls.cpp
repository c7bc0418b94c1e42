#include "sdk/net/channel/tls.hpp"

#include <memory>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace sotto::net {

namespace ssl = boost::asio::ssl;

namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;

Result<void> trust(SSL_CTX* context, std::string_view roots_pem) {
  const Bio bio(BIO_new_mem_buf(roots_pem.data(), static_cast<int>(roots_pem.size())));
  int read = 0;
  for (;; ++read) {
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) != 1) {
      return Error(ErrorCode::invalid_argument, "a given TLS root certificate was refused");
    }
  }
  const bool at_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_the_end) return Error(ErrorCode::invalid_argument, "the given TLS roots hold a broken certificate");
  if (read == 0) return Error(ErrorCode::invalid_argument, "the given TLS roots hold no PEM certificate");
  return {};
}

}  // namespace

Result<ssl::context> make_tls_context(std::string_view roots_pem) {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // an idle connection keeps no 2 x 17 KB
  // Some proxies pick another protocol for clients that do not say which they speak.
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(native, kHttp11, sizeof kHttp11);
  if (roots_pem.empty()) {
    // Where the system has none the handshake will say that it trusts nobody; plain connections still work.
    SSL_CTX_set_default_verify_paths(native);
  } else if (auto trusted = trust(native, roots_pem); !trusted) {
    return trusted.error();
  }
  return context;
}

bool expect_host(SSL* ssl, const std::string& host) {
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  // RFC 6066 §3: SNI names hosts, never addresses.
  return SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 && SSL_set1_host(ssl, host.c_str()) == 1;
}

Error describe_tls_failure(SSL* ssl, boost::system::error_code error, const std::string& server) {
  const long verdict = SSL_get_verify_result(ssl);
  switch (verdict) {
    case X509_V_OK:
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {ErrorCode::tls_failed, "the certificate of " + server + " has expired"};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {ErrorCode::tls_failed,
              "the certificate of " + server + " is not valid yet (is the clock right?)"};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {ErrorCode::tls_failed, "the certificate of " + server + " is for another host"};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return {ErrorCode::tls_failed,
              "the certificate of " + server + " comes from an issuer that is not trusted"};
    default:
      return {ErrorCode::tls_failed,
              "the certificate of " + server + " was refused: " + X509_verify_cert_error_string(verdict)};
  }
  if (error.category() == boost::asio::error::get_ssl_category()) {
    return {ErrorCode::tls_failed, server + " does not speak TLS as expected: " + error.message()};
  }
  return {ErrorCode::connection_closed, server + " closed the connection during the TLS handshake"};
}

}  // namespace sotto::net
