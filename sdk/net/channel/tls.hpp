// TLS as the SDK uses it: 1.2 or newer, the server's certificate checked against the roots and the host name.
#pragma once

#include <string>
#include <string_view>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include "sotto/error.hpp"

namespace sotto::net {

/// `roots_pem` empty: the system's roots. Else every certificate in it has to be readable, and there is one.
Result<boost::asio::ssl::context> make_tls_context(std::string_view roots_pem);

/// Names the host for SNI and for the check of the certificate; a numeric address is checked as an address.
/// False: the host cannot be named in TLS.
bool expect_host(SSL* ssl, const std::string& host);

/// What a failed handshake with `server` means.
Error describe_tls_failure(SSL* ssl, boost::system::error_code error, const std::string& server);

}  // namespace sotto::net
