// How fast each device may send. The allowance belongs to the device and not to its connection, so that
// connecting anew does not fill it up.
//
//   DeviceRates rates({.frames_per_second = 20, .frames_burst = 100});
//   std::shared_ptr<DeviceRate> rate = rates.of(device, now);
//   Milliseconds wait = rate->take_frame(now, bytes);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "server/model/identity.hpp"
#include "server/services/token_bucket.hpp"

namespace sotto::server {

/// What one device may send. Of both, what it may send at once and what it may go on sending; 0 a second: no
/// limit.
struct DeviceLimits {
  unsigned frames_per_second = 0;
  unsigned frames_burst = 1;
  /// Frames are counted whatever their size; their bytes are what has to be written to the disk.
  std::uint64_t bytes_per_second = 0;
  std::uint64_t bytes_burst = 1;
};

/// Thread rules: any thread. The lock guards the buckets: while a newer connection of the device takes over
/// from an older one, sessions on two io threads use them.
class DeviceRate {
 public:
  explicit DeviceRate(const DeviceLimits& limits)
      : frames_(bucket(limits.frames_per_second, limits.frames_burst)),
        bytes_(bucket(static_cast<double>(limits.bytes_per_second), static_cast<double>(limits.bytes_burst))),
        bytes_burst_(static_cast<double>(limits.bytes_burst)),
        ephemeral_(frames_) {}

  /// A frame, and the bytes of the one before it. 0: go on. Else how long to wait; nothing was taken. Frames
  /// that are delayed and never refused: messages, receipts, syncs.
  Milliseconds take_frame(Timestamp now, std::size_t bytes) {
    const std::lock_guard hold(lock_);
    const double size = std::min(static_cast<double>(bytes), bytes_burst_);
    const Milliseconds wait = std::max(frames_ ? frames_->wait_for(now, 1) : Milliseconds(0),
                                       bytes_ ? bytes_->wait_for(now, size) : Milliseconds(0));
    if (wait > Milliseconds(0)) return wait;
    if (frames_) (void)frames_->take(now);
    if (bytes_) (void)bytes_->take(now, size);
    return wait;
  }
  /// Frames that are refused and never delayed: typing, presence subscriptions.
  Milliseconds take_ephemeral(Timestamp now) {
    const std::lock_guard hold(lock_);
    return ephemeral_ ? ephemeral_->take(now) : Milliseconds(0);
  }

 private:
  static std::optional<TokenBucket> bucket(double per_second, double burst) {
    return per_second > 0 ? std::optional(TokenBucket::with_rate(per_second, burst)) : std::nullopt;
  }

  std::mutex lock_;
  std::optional<TokenBucket> frames_;
  std::optional<TokenBucket> bytes_;
  double bytes_burst_;
  std::optional<TokenBucket> ephemeral_;
};

/// Thread rules: any thread, once for each connection. The lock guards the table: devices come back on any io
/// thread.
class DeviceRates {
 public:
  explicit DeviceRates(const DeviceLimits& limits);

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
  DeviceLimits limits_;
  Milliseconds refill_;         ///< until an empty one is full again
  std::size_t look_at_ = 1024;  ///< entries at which idle ones are looked for next
  std::unordered_map<DeviceId, Entry> devices_;
};

}  // namespace sotto::server
