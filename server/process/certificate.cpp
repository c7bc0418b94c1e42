#include "server/process/certificate.hpp"

#include <cstdio>
#include <ctime>
#include <memory>

#include <openssl/pem.h>
#include <openssl/x509.h>

namespace sotto::server {
namespace {

// Certificates of the usual authorities are renewed a month before they end: at two weeks something is stuck.
constexpr std::chrono::days kSoon(14);

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

bool is_before(const ASN1_TIME* time, Timestamp t) {
  std::time_t seconds = std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  return X509_cmp_time(time, &seconds) < 0;
}

}  // namespace

std::optional<std::string> certificate_warning(const std::string& file, Timestamp now) {
  const std::unique_ptr<std::FILE, Close> in(std::fopen(file.c_str(), "re"));
  if (!in) return std::nullopt;
  const std::unique_ptr<X509, Free> certificate(PEM_read_X509(in.get(), nullptr, nullptr, nullptr));
  if (!certificate) return std::nullopt;
  if (is_before(X509_get0_notAfter(certificate.get()), now)) return file + ": the certificate has expired";
  if (!is_before(X509_get0_notBefore(certificate.get()), now + std::chrono::seconds(1)))
    return file + ": the certificate is not valid yet";
  if (is_before(X509_get0_notAfter(certificate.get()), now + kSoon))
    return file + ": the certificate expires within 14 days";
  return std::nullopt;
}

}  // namespace sotto::server
