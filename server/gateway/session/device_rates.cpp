#include "server/gateway/session/device_rates.hpp"

#include <algorithm>

namespace sotto::server {

namespace {
Milliseconds refill_of(std::uint64_t per_second, std::uint64_t burst) {
  return Milliseconds(per_second == 0 ? 0 : static_cast<std::int64_t>(1000 * burst / per_second + 1));
}
}  // namespace

DeviceRates::DeviceRates(const DeviceLimits& limits)
    : limits_(limits),
      refill_(std::max(refill_of(limits.frames_per_second, limits.frames_burst),
                       refill_of(limits.bytes_per_second, limits.bytes_burst))) {}

std::shared_ptr<DeviceRate> DeviceRates::of(DeviceId device, Timestamp now) {
  if (limits_.frames_per_second == 0 && limits_.bytes_per_second == 0) return nullptr;
  const std::lock_guard hold(lock_);
  Entry& entry = devices_[device];
  if (!entry.rate) entry.rate = std::make_shared<DeviceRate>(limits_);
  entry.last_unused = now;
  std::shared_ptr<DeviceRate> rate = entry.rate;
  if (devices_.size() >= look_at_) forget_idle(now);
  return rate;
}

void DeviceRates::forget_idle(Timestamp now) {
  for (auto it = devices_.begin(); it != devices_.end();) {
    Entry& entry = it->second;
    if (entry.rate.use_count() > 1) {
      entry.last_unused = now;
      ++it;
    } else if (now - entry.last_unused > refill_) {
      it = devices_.erase(it);
    } else {
      ++it;
    }
  }
  // The next look when there are twice as many, so that looking costs little for each connection.
  look_at_ = std::max<std::size_t>(1024, devices_.size() * 2);
}

}  // namespace sotto::server
