// Test certificates, made when a test runs: no key lies in the tree, and none expires there.
//
//   Authority authority;
//   ServerCertificate good = authority.issue({.dns = "localhost", .ip = "127.0.0.1"});
//   use(authority.roots_pem(), good.certificate_pem, good.key_pem);
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace sotto::test {

struct ServerCertificate {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateRequest {
  std::string dns{};  ///< a subject alternative name, or empty
  std::string ip{};   ///< another one, or empty
  std::chrono::hours valid_from{-1};
  std::chrono::hours valid_until{24};
};

/// A certification authority of its own, trusted by whom it is given to.
class Authority {
 public:
  Authority();
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  [[nodiscard]] std::string roots_pem() const;
  [[nodiscard]] ServerCertificate issue(const CertificateRequest& request) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::test
