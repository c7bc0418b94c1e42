// A person's own devices: listing them, revoking one, where to push to.
#pragma once

#include <string>
#include <vector>

#include "server/model/service_error.hpp"
#include "server/model/user.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

class DeviceService {
 public:
  [[nodiscard]] std::vector<Device> list(const Store& store, const Caller& caller) const;
  /// Its tokens are void and its connection is closed (DeviceRevoked).
  ServiceResult<void> revoke(Store& store, WriteContext& context, const Caller& caller, DeviceId device);
  ServiceResult<void> set_push_token(Store& store, WriteContext& context, const Caller& caller,
                                     PushPlatform platform, const std::string& token);
};

/// Deletes the device and tells the gateway. Shared by logout, revocation, refresh-token reuse and account
/// deletion.
void revoke_device(Store& store, WriteContext& context, UserId user, DeviceId device);

}  // namespace sotto::server
