#include "sdk/cli/rpc/rpc_methods.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sdk/cli/rpc/rpc_values.hpp"

namespace sotto::cli {

namespace json = boost::json;

namespace {

RpcOutcome failed(const Error& error) {
  return RpcError{RpcErrorCode::failed, error.message, std::string(to_string(error.code))};
}

/// A handler that turns a value into JSON with `convert`, and an error into an RpcError.
template <class T, class Convert>
Done<T> answer(RpcDone done, Convert convert) {
  return Done<T>([done = std::move(done), convert](Result<T> result) {
    if (!result) return done(failed(result.error()));
    done(json::value(convert(*result)));
  });
}

Done<void> answer_empty(RpcDone done) {
  return Done<void>([done = std::move(done)](Result<void> result) {
    if (!result) return done(failed(result.error()));
    done(json::value(json::object{}));
  });
}

struct Call {
  Client& client;
  Params& params;
  RpcDone done;

  /// True, and answered, where a parameter was wrong.
  [[nodiscard]] bool refused() const {
    if (params.error()) done(*params.error());
    return params.error().has_value();
  }
};

json::object account_json(const Account& account) {
  return {{"user_id", to_string(account.user_id)}, {"device_id", to_string(account.device_id)}};
}

void request_otp(Call call) {
  auto phone = call.params.text("phone_number");
  if (call.refused()) return;
  call.client.request_otp(std::move(phone), answer_empty(call.done));
}

void login(Call call) {
  auto phone = call.params.text("phone_number");
  auto otp = call.params.text("otp");
  if (call.refused()) return;
  call.client.login({std::move(phone), std::move(otp)}, answer<Account>(call.done, account_json));
}

void logout(Call call) {
  call.client.logout(answer_empty(call.done));
}

void me(Call call) {
  auto account = call.client.account();
  if (!account) return call.done(failed(Error(ErrorCode::signed_out, "nobody is signed in; call login")));
  call.client.me(answer<Profile>(call.done, [device = account->device_id](const Profile& profile) {
    auto out = to_json(profile);
    out["device_id"] = to_string(device);
    return out;
  }));
}

void set_profile(Call call) {
  ProfileUpdate update{call.params.optional_text("display_name"), call.params.optional_text("about"), {}, {}};
  if (call.refused()) return;
  call.client.update_profile(std::move(update),
                             answer<Profile>(call.done, [](const Profile& p) { return to_json(p); }));
}

void connect(Call call) {
  call.client.connect(answer_empty(call.done));
}

void disconnect(Call call) {
  call.client.disconnect(answer_empty(call.done));
}

void send(Call call) {
  auto& params = call.params;
  auto conversation = params.optional_id<ConversationId>("conversation_id");
  auto user = params.optional_id<UserId>("user_id");
  auto phone = params.optional_text("phone_number");
  OutgoingMessage message;
  message.text = params.text("text");
  message.reply_to = params.optional_id<MessageId>("reply_to_message_id");
  message.media_url = params.optional_text("media_url");
  if (int{conversation.has_value()} + int{user.has_value()} + int{phone.has_value()} != 1) {
    params.fail("conversation_id", "or \"user_id\" or \"phone_number\": exactly one must be given");
  }
  if (call.refused()) return;
  Target target = conversation ? Target(*conversation) : user ? Target(*user) : Target(PhoneNumber{*phone});
  call.client.send(std::move(target), std::move(message),
                   answer<SendReceipt>(call.done, [](const SendReceipt& sent) {
                     return json::object{{"local_id", to_string(sent.local_id)},
                                         {"conversation_id", to_string(sent.conversation_id)}};
                   }));
}

void conversations(Call call) {
  call.client.conversations(answer<std::vector<Conversation>>(call.done, [](const auto& list) {
    return json::object{{"conversations", to_json(list)}};
  }));
}

void messages(Call call) {
  MessagesQuery query;
  query.conversation = call.params.id<ConversationId>("conversation_id");
  query.before = call.params.optional_id<MessageId>("before_id").value_or(MessageId{});
  query.after = call.params.optional_id<MessageId>("after_id").value_or(MessageId{});
  query.before_local = call.params.optional_id<LocalId>("before_local_id").value_or(LocalId{});
  query.limit = call.params.count("limit", 50, 100);
  if (call.refused()) return;
  call.client.messages(
      query, answer<MessagePage>(call.done, [](const MessagePage& page) {
        return json::object{{"messages", to_json(page.messages)}, {"has_more", page.has_more}};
      }));
}

void mark_read(Call call) {
  auto conversation = call.params.id<ConversationId>("conversation_id");
  auto message = call.params.id<MessageId>("message_id");
  if (call.refused()) return;
  call.client.mark_read(conversation, message, answer_empty(call.done));
}

void search(Call call) {
  SearchQuery query;
  query.text = call.params.text("text");
  query.conversation = call.params.optional_id<ConversationId>("conversation_id").value_or(ConversationId{});
  query.limit = call.params.count("limit", 50, 100);
  if (call.refused()) return;
  call.client.search(query, answer<SearchPage>(call.done, [](const SearchPage& page) {
                       return json::object{{"messages", to_json(page.hits)},
                                           {"has_more", page.has_more},
                                           {"is_complete", page.is_complete}};
                     }));
}

void group_create(Call call) {
  auto name = call.params.text("name");
  auto members = call.params.ids<UserId>("member_ids");
  if (call.refused()) return;
  call.client.create_group(std::move(name), std::move(members),
                           answer<Conversation>(call.done, [](const Conversation& c) { return to_json(c); }));
}

void group_rename(Call call) {
  auto group = call.params.id<ConversationId>("conversation_id");
  auto name = call.params.text("name");
  if (call.refused()) return;
  call.client.rename_group(group, std::move(name), answer_empty(call.done));
}

void group_add(Call call) {
  auto group = call.params.id<ConversationId>("conversation_id");
  auto users = call.params.ids<UserId>("user_ids");
  if (call.refused()) return;
  call.client.add_members(group, std::move(users), answer_empty(call.done));
}

/// `user_id`, or `user_ids` as for group_add: one after the other, up to the first that fails.
void remove_from(Client& client, ConversationId group, std::vector<UserId> users, std::size_t at,
                 RpcDone done) {
  if (at == users.size()) return done(json::value(json::object{}));
  const UserId user = users[at];
  client.remove_member(group, user,
                       Done<void>([&client, group, users = std::move(users), at, done](Result<void> removed) {
                         if (!removed) return done(failed(removed.error()));
                         remove_from(client, group, users, at + 1, done);
                       }));
}

void group_remove(Call call) {
  auto group = call.params.id<ConversationId>("conversation_id");
  auto users = call.params.has("user_ids") ? call.params.ids<UserId>("user_ids")
                                           : std::vector<UserId>{call.params.id<UserId>("user_id")};
  if (call.refused()) return;
  remove_from(call.client, group, std::move(users), 0, call.done);
}

void group_set_role(Call call) {
  auto group = call.params.id<ConversationId>("conversation_id");
  auto user = call.params.id<UserId>("user_id");
  auto role = call.params.text("role");
  if (role != "admin" && role != "member") call.params.fail("role", "must be \"admin\" or \"member\"");
  if (call.refused()) return;
  call.client.set_role(group, user, role == "admin" ? Role::admin : Role::member, answer_empty(call.done));
}

void group_leave(Call call) {
  auto group = call.params.id<ConversationId>("conversation_id");
  if (call.refused()) return;
  call.client.leave_group(group, answer_empty(call.done));
}

void members(Call call) {
  auto conversation = call.params.id<ConversationId>("conversation_id");
  if (call.refused()) return;
  call.client.members(conversation, answer<std::vector<Member>>(call.done, [](const auto& list) {
                        return json::object{{"members", to_json(list)}};
                      }));
}

void find_user(Call call) {
  auto phone = call.params.text("phone_number");
  if (call.refused()) return;
  call.client.find_user(
      std::move(phone), answer<Contact>(call.done, [](const Contact& c) {
        return json::object{{"user_id", to_string(c.user_id)}, {"display_name", c.display_name}};
      }));
}

void set_typing(Call call) {
  auto conversation = call.params.id<ConversationId>("conversation_id");
  if (call.refused()) return;
  call.client.set_typing(conversation);
  call.done(json::value(json::object{}));
}

void presence_subscribe(Call call) {
  auto users = call.params.ids<UserId>("user_ids");
  if (call.refused()) return;
  call.client.subscribe_presence(std::move(users), answer_empty(call.done));
}

void devices(Call call) {
  call.client.devices(answer<std::vector<Device>>(call.done, [](const auto& list) {
    return json::object{{"devices", to_json(list)}};
  }));
}

void safety_number(Call call) {
  (void)call.params.id<UserId>("user_id");
  if (call.refused()) return;
  call.done(
      failed(Error(ErrorCode::invalid_state,
                   "safety numbers belong to end-to-end encryption, which this version does not have")));
}

using Method = void (*)(Call);
const std::map<std::string_view, Method>& methods() {
  static const std::map<std::string_view, Method> kMethods{{"request_otp", request_otp},
                                                           {"login", login},
                                                           {"logout", logout},
                                                           {"me", me},
                                                           {"set_profile", set_profile},
                                                           {"connect", connect},
                                                           {"disconnect", disconnect},
                                                           {"send", send},
                                                           {"conversations", conversations},
                                                           {"messages", messages},
                                                           {"mark_read", mark_read},
                                                           {"search", search},
                                                           {"group_create", group_create},
                                                           {"group_rename", group_rename},
                                                           {"group_add", group_add},
                                                           {"group_remove", group_remove},
                                                           {"group_set_role", group_set_role},
                                                           {"group_leave", group_leave},
                                                           {"members", members},
                                                           {"find_user", find_user},
                                                           {"set_typing", set_typing},
                                                           {"presence_subscribe", presence_subscribe},
                                                           {"devices", devices},
                                                           {"safety_number", safety_number}};
  return kMethods;
}

}  // namespace

void call_method(Client& client, const RpcRequest& request, RpcDone done) {
  auto method = methods().find(request.method);
  if (method == methods().end()) {
    return done(
        RpcError{RpcErrorCode::method_not_found, "there is no method \"" + request.method + "\"", {}});
  }
  Params params(request.params);
  method->second(Call{client, params, std::move(done)});
}

}  // namespace sotto::cli
