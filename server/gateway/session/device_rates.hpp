// How fast each device may send. The allowance belongs to the device and not to its connection, so that
// connecting anew does not fill it up.
//
//   DeviceRates rates(20, 100);
//   std::shared_ptr<DeviceRate> rate = rates.of(device, now);
//   Milliseconds wait = rate->take_frame(now);
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "server/model/identity.hpp"
#include "server/services/token_bucket.hpp"

namespace sotto::server {

/// Thread rules: any thread. The lock guards the two buckets: while a newer connection of the device takes
/// over from an older one, sessions on two io threads use them.
class DeviceRate {
 public:
  DeviceRate(double per_second, double burst)
      : frames_(TokenBucket::with_rate(per_second, burst)), ephemeral_(frames_) {}

  /// 0: go on. Else how long to wait. Frames that are delayed and never refused: messages, receipts, syncs.
  Milliseconds take_frame(Timestamp now) {
    const std::lock_guard hold(lock_);
    return frames_.take(now);
  }
  /// Frames that are refused and never delayed: typing, presence subscriptions.
  Milliseconds take_ephemeral(Timestamp now) {
    const std::lock_guard hold(lock_);
    return ephemeral_.take(now);
  }

 private:
  std::mutex lock_;
  TokenBucket frames_;
  TokenBucket ephemeral_;
};

/// Thread rules: any thread, once for each connection. The lock guards the table: devices come back on any io
/// thread.
class DeviceRates {
 public:
  /// Frames a second, sustained and at once. 0 a second: no limit.
  DeviceRates(unsigned per_second, unsigned burst)
      : per_second_(per_second),
        burst_(burst),
        refill_(per_second == 0 ? Milliseconds(0) : Milliseconds(1000ll * burst / per_second + 1)) {}

  /// Null: no limit.
  std::shared_ptr<DeviceRate> of(DeviceId device, Timestamp now);

 private:
  /// Those whose device has been gone for so long that they are full again say nothing a new one would not.
  void forget_idle(Timestamp now);

  struct Entry {
    std::shared_ptr<DeviceRate> rate;
    Timestamp last_unused;  ///< when it was last seen without a session, or asked for
  };
  std::mutex lock_;
  unsigned per_second_;
  unsigned burst_;
  Milliseconds refill_;
  std::size_t look_at_ = 1024;  ///< entries at which idle ones are looked for next
  std::unordered_map<DeviceId, Entry> devices_;
};

}  // namespace sotto::server
