// How much of the server one account may use by REST: requests a second, reads and writes apart, and requests
// at a time. Each kind of limit is one account's; nobody's requests count against another's.
//
//   AccountLimits accounts(limits);
//   auto wait = accounts.take(user, AccountLimits::Kind::write, 1, now);
//   if (wait > 0ms) return refuse_rate("...", wait);
//   std::shared_ptr<void> place = accounts.begin(user);    // held until the answer has been taken
//
// Thread rules: any thread. The lock guards the tables: requests come in on every io thread.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include "server/model/identity.hpp"
#include "server/model/limits.hpp"
#include "server/services/token_bucket.hpp"

namespace sotto::server {

class AccountLimits {
 public:
  /// Requests of one account that are under way. An answer is up to kPageBytes and is kept until its client
  /// has taken it, so this bounds what an account whose clients do not read can hold: 16 MiB.
  static constexpr std::size_t kAtOnce = 64;
  enum class Kind { read, write };

  explicit AccountLimits(const Limits& limits);

  /// 0: go on. Else how long to wait; nothing was taken.
  Milliseconds take(UserId account, Kind kind, double cost, Timestamp now);
  /// A place among the account's requests, given back when it is destroyed. Null: all are taken.
  std::shared_ptr<void> begin(UserId account);

 private:
  struct Open;

  bool limited_;
  std::mutex lock_;
  RateLimiter<UserId> reads_;
  RateLimiter<UserId> writes_;
  std::shared_ptr<Open> open_;  // shared with the places, which may outlive this
};

}  // namespace sotto::server
