#include "sdk/engine/calls/account_calls.hpp"

#include "base/text_rules.hpp"
#include "base/utf8.hpp"
#include "sdk/engine/json.hpp"
#include "sdk/store/schema.hpp"

namespace sotto::engine {
namespace {

/// Trouble with reaching the server, as opposed to an answer.
bool out_of_reach(ErrorCode code) {
  return code == ErrorCode::network_unreachable || code == ErrorCode::timed_out ||
         code == ErrorCode::connection_closed || code == ErrorCode::server_unavailable ||
         code == ErrorCode::tls_failed;
}

std::string_view to_word(LastSeenPrivacy privacy) {
  switch (privacy) {
    case LastSeenPrivacy::everyone:
      return "everyone";
    case LastSeenPrivacy::contacts:
      return "contacts";
    case LastSeenPrivacy::nobody:
      return "nobody";
  }
  return "nobody";
}

std::optional<LastSeenPrivacy> privacy_of(const JsonObject& body) {
  auto privacy = body.object("privacy");
  if (!privacy) return std::nullopt;
  const std::string word = privacy->text("last_seen");
  if (word == "everyone") return LastSeenPrivacy::everyone;
  if (word == "contacts") return LastSeenPrivacy::contacts;
  if (word == "nobody") return LastSeenPrivacy::nobody;
  return std::nullopt;
}

Result<void> done_or_error(const Result<HttpResponse>& response) {
  return response ? Result<void>() : Result<void>(response.error());
}

}  // namespace

OperationNumber AccountCalls::request_otp(const std::string& phone_number, Reply<void> reply) {
  auto ticket = operations_.start(std::move(reply));
  if (!is_phone_number(phone_number)) {
    operations_.finish<void>(ticket,
                             Error(ErrorCode::invalid_argument, "a phone number is + and 7 to 15 digits"));
    return ticket.number;
  }
  requests_.send_anonymous(
      {"POST", "/api/auth/otp", {}, JsonWriter().text("phone_number", phone_number).str(), {}}, ticket.number,
      [this, ticket](const Result<HttpResponse>& response) {
        operations_.finish<void>(ticket, done_or_error(response));
      });
  return ticket.number;
}

OperationNumber AccountCalls::login(const LoginRequest& login, Reply<Account> reply) {
  auto ticket = operations_.start(std::move(reply));
  if (!is_phone_number(login.phone_number) || login.otp.empty() || login.otp.size() > 32 ||
      !is_valid_utf8(login.otp)) {
    operations_.finish<Account>(
        ticket, Error(ErrorCode::invalid_argument, "the phone number or the code is malformed"));
    return ticket.number;
  }
  JsonWriter body;
  body.text("phone_number", login.phone_number).text("otp", login.otp);
  body.text("device_name", core_.options.device_name);
  if (core_.account) body.id("device_id", core_.account->account.device_id);
  requests_.send_anonymous({"POST", "/api/auth/login", {}, body.str(), {}}, ticket.number,
                           [this, ticket](const Result<HttpResponse>& response) {
                             operations_.finish<Account>(
                                 ticket, response ? signed_in(*response) : Result<Account>(response.error()));
                           });
  return ticket.number;
}

Result<Account> AccountCalls::signed_in(const HttpResponse& response) {
  auto body = JsonObject::read(response.body, "the answer to a login");
  if (!body) return body.error();
  const Account account{body->id<UserId>("user_id"), body->id<DeviceId>("device_id")};
  store::Tokens tokens = tokens_of(*body, core_.now.wall);
  if (!store::is_valid_id(account.user_id.value) || !store::is_valid_id(account.device_id.value) ||
      tokens.access.empty() || tokens.refresh.empty())
    return Error(ErrorCode::protocol_violation, "the answer to a login lacks an id or a token");
  if (core_.account && core_.account->account.user_id != account.user_id)
    return Error(ErrorCode::invalid_state, "this directory holds another account");
  auto& table = core_.write().account;
  if (!core_.account) {
    table.create(account, tokens);
  } else {
    table.set_device(account.device_id);
    table.set_tokens(tokens);
  }
  core_.load_account();
  return account;
}

void AccountCalls::forget_tokens() {
  if (!core_.account) return;
  core_.write().account.forget_tokens();
  core_.account->tokens = {};
}

OperationNumber AccountCalls::logout(Reply<void> reply, std::function<void()> ended) {
  auto ticket = operations_.start(std::move(reply));
  requests_.send({"POST", "/api/auth/logout", {}, "", {}}, ticket.number,
                 [this, ticket, ended = std::move(ended)](const Result<HttpResponse>&) {
                   // Whatever the server says: who asks to sign out is signed out here.
                   forget_tokens();
                   ended();
                   operations_.finish<void>(ticket, {});
                 });
  return ticket.number;
}

OperationNumber AccountCalls::delete_account(Reply<void> reply, std::function<void()> ended) {
  auto ticket = operations_.start(std::move(reply));
  requests_.send({"DELETE", "/api/users/me", {}, "", {}}, ticket.number,
                 [this, ticket, ended = std::move(ended)](const Result<HttpResponse>& response) {
                   if (response) {
                     forget_tokens();
                     ended();
                   }
                   operations_.finish<void>(ticket, done_or_error(response));
                 });
  return ticket.number;
}

OperationNumber AccountCalls::me(Reply<Profile> reply) {
  return fetch_profile("/api/users/me", core_.me(), std::move(reply));
}

OperationNumber AccountCalls::user(UserId user, Reply<Profile> reply) {
  return fetch_profile("/api/users/" + to_string(user), user, std::move(reply));
}

OperationNumber AccountCalls::fetch_profile(const std::string& path, UserId user, Reply<Profile> reply) {
  auto ticket = operations_.start(std::move(reply));
  requests_.send({"GET", path, {}, "", {}}, ticket.number,
                 [this, ticket, user, updates = profile_updates_](const Result<HttpResponse>& response) {
                   const bool outdated = user == core_.me() && updates != profile_updates_;
                   if (response && !outdated)
                     return operations_.finish<Profile>(ticket, store_profile(*response, user));
                   if (response || out_of_reach(response.error().code))
                     if (auto known = core_.read().people.profile(user))
                       return operations_.finish<Profile>(ticket, std::move(*known));
                   operations_.finish<Profile>(
                       ticket, response ? store_profile(*response, user) : Result<Profile>(response.error()));
                 });
  return ticket.number;
}

OperationNumber AccountCalls::update_profile(const ProfileUpdate& update, Reply<Profile> reply) {
  auto ticket = operations_.start(std::move(reply));
  const ProtocolLimits limits = core_.limits();
  JsonWriter body;
  std::optional<std::string> problem;
  const auto add = [&](const TextRule& rule, const std::optional<std::string>& value) {
    if (!value) return;
    if (!problem) problem = problem_with_text(rule, *value);
    body.text(rule.field, *value);
  };
  add({.field = "display_name", .least = 1, .most = limits.display_name}, update.display_name);
  add({.field = "about", .most = limits.about, .newlines = true}, update.about);
  constexpr std::size_t kMaxIdDigits = 20;
  add({.field = "avatar_media_id", .most = kMaxIdDigits}, update.avatar_media_id);
  if (update.last_seen) body.object("privacy", JsonWriter().text("last_seen", to_word(*update.last_seen)));
  if (problem) {
    operations_.finish<Profile>(ticket, Error(ErrorCode::invalid_argument, *std::move(problem)));
    return ticket.number;
  }
  requests_.send({"PATCH", "/api/users/me", {}, body.str(), {}}, ticket.number,
                 [this, ticket](const Result<HttpResponse>& response) {
                   if (response) ++profile_updates_;
                   operations_.finish<Profile>(ticket, response ? store_profile(*response, core_.me())
                                                                : Result<Profile>(response.error()));
                 });
  return ticket.number;
}

Result<Profile> AccountCalls::store_profile(const HttpResponse& response, UserId user) {
  auto body = JsonObject::read(response.body, "a profile");
  if (!body) return body.error();
  Profile profile;
  profile.user_id = user;
  profile.display_name = body->text("display_name");
  profile.about = body->text("about");
  profile.avatar_media_id = body->optional_text("avatar_media_id");
  profile.last_seen = privacy_of(*body);
  core_.write().people.save_profile(profile);
  // A direct conversation goes by this name.
  if (auto conversation = core_.read().conversations.find_peer(user)) core_.touch(conversation->row);
  return profile;
}

OperationNumber AccountCalls::devices(Reply<std::vector<Device>> reply) {
  auto ticket = operations_.start(std::move(reply));
  requests_.send({"GET", "/api/devices", {}, "", {}}, ticket.number,
                 [this, ticket](const Result<HttpResponse>& response) {
                   using Devices = std::vector<Device>;
                   if (!response) return operations_.finish<Devices>(ticket, response.error());
                   auto body = JsonObject::read(response->body, "the list of devices", "devices");
                   if (!body) return operations_.finish<Devices>(ticket, body.error());
                   Devices devices;
                   for (const JsonObject& item : body->list("devices")) {
                     Device device;
                     device.device_id = item.id<DeviceId>("device_id");
                     device.name = item.text(item.optional_text("name") ? "name" : "device_name");
                     device.created_at = item.time("created_at");
                     device.last_seen_at = item.optional_time("last_seen_at");
                     device.is_current =
                         core_.account && device.device_id == core_.account->account.device_id;
                     devices.push_back(std::move(device));
                   }
                   operations_.finish<Devices>(ticket, std::move(devices));
                 });
  return ticket.number;
}

OperationNumber AccountCalls::revoke_device(DeviceId device, Reply<void> reply) {
  auto ticket = operations_.start(std::move(reply));
  requests_.send({"DELETE", "/api/devices/" + to_string(device), {}, "", {}}, ticket.number,
                 [this, ticket](const Result<HttpResponse>& response) {
                   operations_.finish<void>(ticket, done_or_error(response));
                 });
  return ticket.number;
}

}  // namespace sotto::engine
