#include "sdk/engine/calls/group_calls.hpp"

#include "base/utf8.hpp"
#include "sdk/engine/json.hpp"
#include "sdk/engine/stream/rising.hpp"
#include "sdk/engine/timing.hpp"
#include "sdk/store/schema.hpp"

namespace sotto::engine {
namespace {

/// The server's own bound is lower; this only keeps nonsense off the wire.
constexpr std::size_t kMaxNameBytes = 512;
/// The answer to the first attempt may be lost; with the same key the group is still made once.
constexpr int kCreateAttempts = 3;

bool outcome_unknown(ErrorCode code) {
  return code == ErrorCode::timed_out || code == ErrorCode::connection_closed ||
         code == ErrorCode::server_unavailable;
}

Result<void> check_name(const std::string& name) {
  if (name.empty() || name.size() > kMaxNameBytes || !is_valid_utf8(name))
    return Error(ErrorCode::invalid_argument, "a group's name is 1 to 512 bytes of UTF-8");
  return {};
}

Result<void> check_users(const std::vector<UserId>& users) {
  if (users.size() > kMaxGroupMembers)
    return Error(ErrorCode::group_too_large, "a group has at most 500 members");
  for (UserId user : users)
    if (!store::is_valid_id(user.value))
      return Error(ErrorCode::invalid_argument, "a user id is out of range");
  return {};
}

}  // namespace

OperationNumber GroupCalls::create(const std::string& name, const std::vector<UserId>& members,
                                   Reply<Conversation> reply) {
  auto ticket = operations_.start(std::move(reply));
  auto good = check_name(name);
  if (good) good = check_users(members);
  if (!good) {
    operations_.finish<Conversation>(ticket, good.error());
    return ticket.number;
  }
  HttpRequest request;
  request.method = "POST";
  request.path = "/api/groups";
  request.headers.emplace_back("Idempotency-Key", to_string(make_uuid_v7(core_.now.wall, core_.random)));
  request.body = JsonWriter().text("name", name).ids("member_ids", members).str();
  attempt_create(ticket, request, 1);
  return ticket.number;
}

void GroupCalls::attempt_create(const Ticket<Conversation>& ticket, const HttpRequest& request, int attempt) {
  HttpRequest copy{request.method, request.path, request.headers, request.body, {}};
  auto again = std::make_shared<HttpRequest>(
      HttpRequest{request.method, request.path, request.headers, request.body, {}});
  requests_.send(
      std::move(copy), ticket.number, [this, ticket, again, attempt](const Result<HttpResponse>& response) {
        if (!response) {
          if (outcome_unknown(response.error().code) && attempt < kCreateAttempts)
            return attempt_create(ticket, *again, attempt + 1);
          return operations_.finish<Conversation>(ticket, response.error());
        }
        auto body = JsonObject::parse(response->body);
        auto row = body ? store_group(*body)
                        : Result<ConversationRow>(
                              Error(ErrorCode::protocol_violation, "a group is not a JSON object"));
        if (!row) return operations_.finish<Conversation>(ticket, row.error());
        operations_.finish<Conversation>(ticket, reading_.describe(*core_.read().conversations.find(*row)));
      });
}

Result<ConversationRow> GroupCalls::store_group(const JsonObject& group) {
  const auto id = group.id<ConversationId>("conversation_id");
  if (!store::is_valid_id(id.value))
    return Error(ErrorCode::protocol_violation, "a group's conversation_id is missing or out of range");
  std::vector<Member> members;
  for (const JsonObject& item : group.list("members")) {
    const auto user = item.id<UserId>("user_id");
    if (!store::is_valid_id(user.value)) continue;
    members.push_back(
        {user, item.text("role") == "admin" ? Role::admin : Role::member, item.time("joined_at")});
  }
  const auto conversation = directory_.named_by_server(id);
  if (conversation.change_id == 0) {
    auto& store = core_.write();
    store.conversations.describe(conversation.row, ConversationKind::group, group.text("name"));
    if (!members.empty()) store.members.replace(conversation.row, members, 0);
    core_.touch(conversation.row);
  } else if (core_.read().members.current(conversation.row).empty() && !members.empty()) {
    core_.write().members.replace(conversation.row, members, 0);
    core_.touch(conversation.row);
  }
  // Receipts may have come before it was known whose are needed.
  if (auto now = core_.read().conversations.find(conversation.row)) rise(core_, *now);
  return conversation.row;
}

OperationNumber GroupCalls::rename(ConversationId group, const std::string& name, Reply<void> reply) {
  if (auto good = check_name(name); !good) {
    core_.stage_reply<void>(std::move(reply), good.error());
    return {};
  }
  return call(group, "PATCH", "", JsonWriter().text("name", name).str(), std::move(reply));
}

OperationNumber GroupCalls::add(ConversationId group, const std::vector<UserId>& users, Reply<void> reply) {
  if (auto good = check_users(users); !good) {
    core_.stage_reply<void>(std::move(reply), good.error());
    return {};
  }
  return call(group, "POST", "/members", JsonWriter().ids("user_ids", users).str(), std::move(reply));
}

OperationNumber GroupCalls::remove(ConversationId group, UserId user, Reply<void> reply) {
  return call(group, "DELETE", "/members/" + to_string(user), "", std::move(reply));
}

OperationNumber GroupCalls::set_role(ConversationId group, UserId user, Role role, Reply<void> reply) {
  const char* word = role == Role::admin ? "admin" : "member";
  return call(group, "PUT", "/members/" + to_string(user) + "/role", JsonWriter().text("role", word).str(),
              std::move(reply));
}

OperationNumber GroupCalls::destroy(ConversationId group, Reply<void> reply) {
  return call(group, "DELETE", "", "", std::move(reply));
}

OperationNumber GroupCalls::call(ConversationId group, const char* method, const std::string& path,
                                 std::string body, Reply<void> reply) {
  auto ticket = operations_.start(std::move(reply));
  auto known = directory_.find(group);
  if (!known || !known->id || known->kind == ConversationKind::direct) {
    operations_.finish<void>(ticket, Error(ErrorCode::not_found, "there is no group " + to_string(group)));
    return ticket.number;
  }
  requests_.send({method, "/api/groups/" + to_string(known->id) + path, {}, std::move(body), {}},
                 ticket.number, [this, ticket](const Result<HttpResponse>& response) {
                   operations_.finish<void>(ticket,
                                            response ? Result<void>() : Result<void>(response.error()));
                 });
  return ticket.number;
}

}  // namespace sotto::engine
