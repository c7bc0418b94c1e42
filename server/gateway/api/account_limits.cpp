#include "server/gateway/api/account_limits.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace sotto::server {

namespace {
// Accounts that ask within the time a bucket takes to fill up again.
constexpr std::size_t kLimiterKeys = 100'000;

RateLimiter<UserId> limiter(std::uint32_t per_second, std::uint32_t burst) {
  const auto refill = std::int64_t{1000} * burst / per_second;
  return {static_cast<double>(burst), Milliseconds(refill > 0 ? refill : 1), kLimiterKeys};
}
}  // namespace

struct AccountLimits::Open {
  std::mutex lock;  // guards the table: places are given back on any thread
  std::unordered_map<UserId, std::size_t> requests;
};

AccountLimits::AccountLimits(const Limits& limits)
    : limited_(limits.rate_limits),
      reads_(limiter(limits.rest_reads_per_second, limits.rest_read_burst)),
      writes_(limiter(limits.rest_writes_per_second, limits.rest_write_burst)),
      open_(std::make_shared<Open>()) {}

Milliseconds AccountLimits::take(UserId account, Kind kind, double cost, Timestamp now) {
  if (!limited_) return Milliseconds(0);
  const std::lock_guard hold(lock_);
  RateLimiter<UserId>& limiter = kind == Kind::read ? reads_ : writes_;
  // What is worth more than all there ever is takes all there is, and is not put off for ever.
  return limiter.take(account, now, std::min(cost, limiter.burst()));
}

std::shared_ptr<void> AccountLimits::begin(UserId account) {
  class Place {
   public:
    Place(std::shared_ptr<Open> open, UserId account) : open_(std::move(open)), account_(account) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      const std::lock_guard hold(open_->lock);
      const auto found = open_->requests.find(account_);
      if (--found->second == 0) open_->requests.erase(found);
    }

   private:
    std::shared_ptr<Open> open_;
    UserId account_;
  };

  {
    const std::lock_guard hold(open_->lock);
    std::size_t& requests = open_->requests[account];
    if (requests >= kAtOnce) return nullptr;
    ++requests;
  }
  return std::make_shared<Place>(open_, account);
}

}  // namespace sotto::server
