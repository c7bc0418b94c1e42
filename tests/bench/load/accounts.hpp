// Signs the load's people in (against `sotto-server --dev`, whose code is 000000) and makes their
// conversations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/load/options.hpp"

typedef struct ssl_ctx_st SSL_CTX;

namespace sotto::bench {

struct Person {
  std::uint64_t user_id = 0;
  std::string token;
};

/// `count` people with consecutive numbers, several logins at a time. Exits on failure.
std::vector<Person> sign_in(const Options& options, const Address& address, SSL_CTX* tls, std::size_t count);
std::uint64_t direct_conversation(const Address& address, SSL_CTX* tls, const Person& me, const Person& peer);
std::uint64_t group(const Address& address, SSL_CTX* tls, const std::vector<Person>& members);

/// GET of a page, whole, without signing in: /metrics. Empty on failure.
std::string get_page(const Address& address, SSL_CTX* tls, const std::string& path);

}  // namespace sotto::bench
