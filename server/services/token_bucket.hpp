// Rate limits as token buckets: `burst` at once, `rate` a second for ever. Time comes from outside.
//
//   RateLimiter<std::string> logins(10, std::chrono::minutes(1), 10'000);
//   auto wait = logins.take(address, now);
//   if (wait > 0ms) return refuse_rate("logins from this address", wait);
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <list>
#include <unordered_map>

#include "base/clock.hpp"

namespace sotto::server {

class TokenBucket {
 public:
  /// Full at first. `burst` tokens come back within `period`.
  TokenBucket(double burst, Milliseconds period)
      : burst_(burst), per_ms_(burst / static_cast<double>(period.count())), tokens_(burst) {}
  /// For limits that are a rate and a burst of its own: 20 a second, 100 at once.
  static TokenBucket with_rate(double per_second, double burst) {
    return {burst, Milliseconds(static_cast<std::int64_t>(burst / per_second * 1000))};
  }

  /// 0: taken. Else how long until it could be; nothing was taken.
  Milliseconds take(Timestamp now, double tokens = 1) {
    const Milliseconds wait = wait_for(now, tokens);
    if (wait == Milliseconds(0)) tokens_ -= tokens;
    return wait;
  }
  /// How long until so many could be taken; 0: now.
  Milliseconds wait_for(Timestamp now, double tokens) {
    refill(now);
    if (tokens_ >= tokens) return Milliseconds(0);
    return Milliseconds(static_cast<std::int64_t>(std::ceil((std::min(tokens, burst_) - tokens_) / per_ms_)));
  }

 private:
  void refill(Timestamp now) {
    // A clock that stepped back gives nothing and takes nothing.
    if (now > last_ && last_ != Timestamp{}) {
      tokens_ = std::min(burst_, tokens_ + static_cast<double>((now - last_).count()) * per_ms_);
    }
    last_ = now;
  }

  double burst_;
  double per_ms_;
  double tokens_;
  Timestamp last_{};
};

/// A bucket for each key, of at most `capacity` keys: the one unused for longest is forgotten, which is as if
/// it were full, so capacity is chosen far above what an attacker gains from. One owner, one thread.
template <class Key>
class RateLimiter {
 public:
  RateLimiter(double burst, Milliseconds period, std::size_t capacity)
      : burst_(burst), period_(period), capacity_(capacity) {}

  Milliseconds take(const Key& key, Timestamp now, double tokens = 1) {
    auto found = buckets_.find(key);
    if (found == buckets_.end()) {
      if (buckets_.size() >= capacity_) {
        buckets_.erase(order_.back());
        order_.pop_back();
      }
      order_.push_front(key);
      found = buckets_.emplace(key, Entry{TokenBucket(burst_, period_), order_.begin()}).first;
    } else {
      order_.splice(order_.begin(), order_, found->second.place);
    }
    return found->second.bucket.take(now, tokens);
  }
  [[nodiscard]] double burst() const { return burst_; }
  [[nodiscard]] std::size_t size() const { return buckets_.size(); }

 private:
  struct Entry {
    TokenBucket bucket;
    typename std::list<Key>::iterator place;
  };
  double burst_;
  Milliseconds period_;
  std::size_t capacity_;
  std::list<Key> order_;  // most recently used first
  std::unordered_map<Key, Entry> buckets_;
};

}  // namespace sotto::server
