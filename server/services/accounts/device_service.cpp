#include "server/services/accounts/device_service.hpp"

#include "server/model/limits.hpp"
#include "server/ports/store.hpp"

namespace sotto::server {

void revoke_device(Store& store, WriteContext& context, UserId user, DeviceId device) {
  store.accounts().delete_device(device);
  context.events.events.emplace_back(DeviceRevoked{user, device});
}

std::vector<Device> DeviceService::list(const Store& store, const Caller& caller) const {
  return store.accounts().devices_of(caller.user);
}

ServiceResult<void> DeviceService::revoke(Store& store, WriteContext& context, const Caller& caller,
                                          DeviceId device) {
  const std::optional<Device> found = store.accounts().find_device(device);
  if (!found || found->user != caller.user) {
    return refuse(ServiceCode::not_found, "device_id: you have no device " + to_string(device));
  }
  revoke_device(store, context, caller.user, device);
  return {};
}

ServiceResult<void> DeviceService::set_push_token(Store& store, WriteContext& /*context*/,
                                                  const Caller& caller, PushPlatform platform,
                                                  const std::string& token) {
  if (platform == PushPlatform::none) {
    return refuse(ServiceCode::bad_request, "platform: must be \"apns\" or \"fcm\"");
  }
  if (token.empty()) return refuse(ServiceCode::bad_request, "token: must not be empty");
  if (token.size() > kMaxPushToken) {
    return refuse(ServiceCode::too_large, "token: " + std::to_string(token.size()) + " bytes, at most " +
                                              std::to_string(kMaxPushToken) + " are allowed");
  }
  // Both platforms' tokens are printable ASCII.
  for (const char c : token) {
    if (c <= 0x20 || c >= 0x7f)
      return refuse(ServiceCode::bad_request, "token: has a character that is not ASCII");
  }
  std::optional<Device> device = store.accounts().find_device(caller.device);
  if (!device) return refuse(ServiceCode::unauthorized, "this device has been signed out");
  device->push_platform = platform;
  device->push_token = token;
  store.accounts().update_device(*device);
  return {};
}

}  // namespace sotto::server
