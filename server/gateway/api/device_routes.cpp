// A person's own devices.
#include "server/application/application.hpp"
#include "server/gateway/api/model_json.hpp"
#include "server/gateway/api/routes.hpp"

namespace sotto::server {

void add_device_routes(Routes& routes, Application& app) {
  DeviceService& devices = app.services.devices;

  routes.push_back({"GET", "/api/devices", Access::token, [&](Input&) -> Work {
                      return Read{[&](const Store& store, Timestamp, const Caller& caller) {
                        boost::json::array list;
                        for (const Device& device : devices.list(store, caller))
                          list.push_back(device_json(device, caller.device));
                        return ok({{"devices", std::move(list)}});
                      }};
                    }});

  routes.push_back({"DELETE", "/api/devices/{device_id}", Access::token, [&](Input& in) -> Work {
                      const auto device = in.path_id<DeviceId>("device_id");
                      return Write{[&, device](Store& store, WriteContext& context, const Caller& caller) {
                        const auto done = devices.revoke(store, context, caller, device);
                        return done ? no_content() : refusal(done.error());
                      }};
                    }});

  routes.push_back(
      {"PUT", "/api/devices/me/push-token", Access::token, [&](Input& in) -> Work {
         const auto platform = parse_push_platform(in.text("platform"));
         if (!platform) in.refuse("platform: must be apns or fcm");
         const auto token = in.text("token");
         return Write{[&, platform, token](Store& store, WriteContext& context, const Caller& caller) {
           const auto done = devices.set_push_token(store, context, caller, *platform, token);
           return done ? no_content() : refusal(done.error());
         }};
       }});
}

}  // namespace sotto::server
