// Signing in, staying signed in, signing out.
#include "server/application/application.hpp"
#include "server/gateway/api/routes.hpp"
#include "server/ports/otp_sender.hpp"

namespace sotto::server {
namespace {

Answer token_answer(const ServiceResult<TokenPair>& pair) {
  if (!pair) return refusal(pair.error());
  return ok({{"access_token", pair->access_token},
             {"refresh_token", pair->refresh_token},
             {"expires_in", std::chrono::floor<std::chrono::seconds>(pair->expires_in).count()},
             {"user_id", to_string(pair->caller.user)},
             {"device_id", to_string(pair->caller.device)}});
}

}  // namespace

void add_auth_routes(Routes& routes, Application& app) {
  AuthService& auth = app.services.auth;
  OtpSender& sender = app.ports.otp_sender;

  routes.push_back({"POST", "/api/auth/otp", Access::open, [&](Input& in) -> Work {
                      const OtpRequest request{in.text("phone_number"), in.request().remote_address};
                      return Write{[&, request](Store& store, WriteContext& context, const Caller&) {
                        auto code = auth.request_otp(store, context, request);
                        if (!code) return refusal(code.error());
                        Answer answer = no_content();
                        answer.afterwards = [&sender, code = std::move(*code)] { sender.send(code); };
                        return answer;
                      }};
                    }});

  routes.push_back({"POST", "/api/auth/login", Access::open, [&](Input& in) -> Work {
                      const LoginRequest request{
                          in.text("phone_number"), in.text("otp"), in.optional_text("device_name"),
                          in.optional_id<DeviceId>("device_id"), in.request().remote_address};
                      return Write{[&, request](Store& store, WriteContext& context, const Caller&) {
                        return token_answer(auth.login(store, context, request));
                      }};
                    }});

  routes.push_back({"POST", "/api/auth/refresh", Access::open, [&](Input& in) -> Work {
                      return Write{[&, token = in.text("refresh_token")](Store& store, WriteContext& context,
                                                                         const Caller&) {
                        return token_answer(auth.refresh(store, context, token));
                      }};
                    }});

  routes.push_back({"POST", "/api/auth/logout", Access::token, [&](Input&) -> Work {
                      return Write{[&](Store& store, WriteContext& context, const Caller& caller) {
                        const auto done = auth.logout(store, context, caller);
                        return done ? no_content() : refusal(done.error());
                      }};
                    }});
}

}  // namespace sotto::server
