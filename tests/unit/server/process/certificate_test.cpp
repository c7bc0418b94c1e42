#include "server/process/certificate.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace sotto::server {
namespace {

using testing::HasSubstr;

const Timestamp kNow = from_unix_ms(1'795'480'000'000);

/// The PEM file of a self-signed certificate that is valid from and until these times.
class Certificate {
 public:
  Certificate(Timestamp from, Timestamp until) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
    const auto seconds = [](Timestamp t) {
      return static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count());
    };
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), seconds(from));
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds(until));
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), nullptr);
    std::string pattern = (std::filesystem::temp_directory_path() / "sotto-cert-XXXXXX").string();
    const int fd = mkstemp(pattern.data());
    std::FILE* out = fdopen(fd, "w");
    PEM_write_X509(out, certificate.get());
    std::fclose(out);
    path = pattern;
  }
  ~Certificate() { std::filesystem::remove(path); }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  std::string path;
};

using std::chrono::days;

TEST(CertificateWarning, IsNotGivenForAGoodOne) {
  const Certificate good(kNow - days(1), kNow + days(60));
  EXPECT_EQ(certificate_warning(good.path, kNow), std::nullopt);
}

TEST(CertificateWarning, SaysThatItHasExpired) {
  const Certificate old(kNow - days(90), kNow - std::chrono::seconds(1));
  EXPECT_THAT(certificate_warning(old.path, kNow).value(),
              HasSubstr(old.path + ": the certificate has expired"));
}

TEST(CertificateWarning, SaysThatItIsNotValidYet) {
  const Certificate early(kNow + days(1), kNow + days(90));
  EXPECT_THAT(certificate_warning(early.path, kNow).value(), HasSubstr("not valid yet"));
}

TEST(CertificateWarning, SaysThatItExpiresSoon) {
  const Certificate soon(kNow - days(80), kNow + days(10));
  EXPECT_THAT(certificate_warning(soon.path, kNow).value(), HasSubstr("within 14 days"));
}

TEST(CertificateWarning, LeavesUnreadableFilesToWhoeverLoadsThem) {
  EXPECT_EQ(certificate_warning("/nonexistent/cert.pem", kNow), std::nullopt);
}

}  // namespace
}  // namespace sotto::server
